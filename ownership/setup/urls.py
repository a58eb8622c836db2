from django.urls import path

from ownership.setup import views

urlpatterns = [
    path("ladders/", views.ladders, name="setup_ladders"),
    path("ladders/<slug:slug>/", views.ladder, name="setup_ladder"),
    path("ladders/<slug:slug>/rungs/new", views.rung, name="setup_rung_new"),
    path("ladders/<slug:slug>/rungs/<uuid:rung_id>/", views.rung, name="setup_rung"),
    path("ladders/<slug:slug>/rungs/<uuid:rung_id>/remove", views.rung_remove, name="setup_rung_remove"),
    path("on-call/", views.rotations, name="setup_rotations"),
    path("on-call/new", views.rotation, name="setup_rotation_new"),
    path("on-call/<uuid:rotation_id>/", views.rotation, name="setup_rotation"),
    path("on-call/<uuid:rotation_id>/remove", views.rotation_remove, name="setup_rotation_remove"),
    path("calls/", views.calls, name="setup_calls"),
]
