from django.urls import path

from ownership.cadence import views

urlpatterns = [
    path("checkpoint/", views.now, name="checkpoint_now"),
    path("checkpoint/when", views.when, name="checkpoint_when"),
    path("checkpoint/<uuid:checkpoint_id>/", views.checkpoint, name="checkpoint"),
    path("checkpoint/<uuid:checkpoint_id>/notes", views.note, name="checkpoint_notes"),
    path("simulations/", views.simulations, name="simulations"),
    path("simulations/<uuid:simulation_id>/", views.simulation, name="simulation"),
    path("simulations/<uuid:simulation_id>/steps", views.findings_to_steps, name="simulation_steps"),
]
