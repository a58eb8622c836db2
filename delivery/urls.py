from django.urls import include, path

from delivery import mail_events, views

urlpatterns = [
    path("", views.notices, name="notices"),
    path("bell", views.bell, name="notices_bell"),
    path("read", views.notices_read, name="notices_read"),
    path("<uuid:notice_id>/", views.notice, name="notice"),
    path("kept/", views.kept, name="kept"),
    path("not-arrived/", views.not_arrived, name="not_arrived"),
    path("not-arrived/<uuid:delivery_id>/", views.send_again, name="send_again"),
    path("stopped/", views.stopped, name="stopped"),
    path("stopped/<uuid:opt_out_id>/", views.write_again, name="write_again"),
    path("hooks/sms/<uuid:delivery_id>/<int:tries>", views.sms_receipt, name="sms_receipt"),
    path("hooks/calls/<uuid:delivery_id>/<int:tries>", views.call_receipt, name="call_receipt"),
    path("hooks/mail/", include((mail_events.doors, "anymail"))),
]
