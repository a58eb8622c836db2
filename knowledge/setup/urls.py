from django.urls import path

from knowledge.setup import views

urlpatterns = [
    path("models/", views.models, name="setup_models"),
    path("models/test", views.test, name="setup_models_test"),
    path("models/calls/", views.calls, name="setup_model_calls"),
    path("models/calls/<uuid:call_id>/", views.call, name="setup_model_call"),
]
