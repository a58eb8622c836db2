from django.urls import path

from sla.setup.calendar import closing, views

urlpatterns = [
    path("", views.calendar, name="setup_calendar"),
    path("remove", views.days_remove, name="setup_days_remove"),
    path("undo", views.undo, name="setup_calendar_undo"),
    path("close", closing.close, name="setup_close"),
    path("hours", views.hours, name="setup_hours"),
]
