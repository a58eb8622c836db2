from django.urls import path

from sla.setup.calendar import closing, files, holidays, views

urlpatterns = [
    path("", views.calendar, name="setup_calendar"),
    path("remove", views.days_remove, name="setup_days_remove"),
    path("undo", views.undo, name="setup_calendar_undo"),
    path("close", closing.close, name="setup_close"),
    path("hours", views.hours, name="setup_hours"),
    path("holidays", holidays.holidays, name="setup_holidays"),
    path("holidays/state", holidays.state, name="setup_holidays_state"),
    path("files", files.files, name="setup_calendar_files"),
    path("files/revoke", files.revoke, name="setup_calendar_revoke"),
    path("files/read", files.read, name="setup_calendar_read"),
    path("download.ics", files.download, name="setup_calendar_download"),
]
