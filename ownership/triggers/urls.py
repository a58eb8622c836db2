from django.urls import path

from ownership.triggers import api, views

urlpatterns = [
    path("", views.triggers, name="triggers"),
    path("new", views.edit, name="trigger_new"),
    path("event/<path:name>", api.Events.as_view(), name="api_event"),  # whatever is asked for, the API answers
    path("calls/<uuid:call_id>/again", views.again, name="trigger_again"),
    path("<uuid:trigger_id>/", views.trigger, name="trigger"),
    path("<uuid:trigger_id>/edit", views.edit, name="trigger_edit"),
    path("<uuid:trigger_id>/key", views.new_key, name="trigger_key"),
    path("<uuid:trigger_id>/pause", views.pause, name="trigger_pause"),
    path("<uuid:trigger_id>/remove", views.remove, name="trigger_remove"),
    path("<uuid:trigger_id>/test", views.test, name="trigger_test"),
    path("<uuid:trigger_id>/release", views.release, name="trigger_release"),
]
