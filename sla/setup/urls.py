from django.urls import include, path

from sla.setup import promising, views

urlpatterns = [
    path("services/", views.services, name="setup_services"),
    path("services/new", views.service, name="setup_service_new"),
    path("services/<uuid:service_id>/", views.service, name="setup_service"),
    path("promises/", views.promises, name="setup_promises"),
    path("promises/teams/", promising.teams_own, name="setup_promises_teams"),
    path("promises/build/", promising.build, name="setup_promise_build"),
    path("terms", views.terms, name="setup_terms"),
    path("calendar/", include("sla.setup.calendar.urls")),
]
