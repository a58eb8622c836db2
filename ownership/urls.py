from django.urls import path

from ownership import views

urlpatterns = [
    path("", views.matrix, name="matrix"),
    path("ping/<str:token>", views.ping, name="ping"),
    path("steps/", views.steps, name="steps"),
    path("steps/<uuid:step_id>/done", views.step_done, name="step_done"),
    path("escalations/<uuid:escalation_id>/acknowledge", views.acknowledge, name="acknowledge_escalation"),
    path("<slug:slug>/", views.process, name="process"),
    path("<slug:slug>/test", views.drill, name="test_ladder"),
]
