from django.urls import path

from routing.setup import views

urlpatterns = [
    path("triage/", views.triage, name="setup_triage"),
    path("triage/services/", views.services, name="setup_triage_services"),
    path("triage/services/<uuid:service_id>/", views.service, name="setup_triage_service"),
    path("triage/accuracy/", views.well, name="setup_triage_accuracy"),
    path("triage/corrections/", views.corrected, name="setup_triage_corrections"),
    path("triage/corrections/<uuid:decision_id>/mistake", views.mistake, name="setup_triage_mistake"),
    path("triage/versions/", views.all_versions, name="setup_triage_versions"),
    path("triage/versions/<int:version>/return", views.version_return, name="setup_triage_return"),
]
