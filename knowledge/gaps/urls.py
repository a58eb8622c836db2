from django.urls import path

from knowledge.gaps import views

urlpatterns = [
    path("", views.gaps, name="gaps"),
    path("<uuid:group_id>/", views.gap, name="gap"),
    path("<uuid:group_id>/<slug:act>", views.gap_act, name="gap_act"),
]
