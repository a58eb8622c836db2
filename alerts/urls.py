from django.urls import path

from alerts import views, views_calls, views_stop, views_upkeep

urlpatterns = [
    path("", views.alerts, name="alerts"),
    path("new/", views.compose, name="alert_new"),
    path("new/<slug:slug>/", views.compose, name="alert_from"),
    path("count/", views.count, name="alert_count"),
    path("<uuid:alert_id>/", views.alert, name="alert"),
    path("<uuid:alert_id>/edit", views.edit, name="alert_edit"),
    path("<uuid:alert_id>/send", views.send, name="alert_send"),
    path("<uuid:alert_id>/send-test", views.send, {"test": True}, name="alert_send_test"),
    path("<uuid:alert_id>/ask", views.ask, name="alert_ask"),
    path("<uuid:alert_id>/discard", views.discard, name="alert_discard"),
    path("<uuid:alert_id>/sign", views.sign, name="alert_sign"),
    path("<uuid:alert_id>/end", views.end, name="alert_end"),
    path("<uuid:alert_id>/tree", views_calls.begin, name="alert_tree"),
    path("calls/", views_calls.calls, name="alert_calls"),
    path("calls/<uuid:call_id>", views_calls.called, name="alert_called"),
    path("calls/<uuid:call_id>/take", views_calls.take, name="alert_take"),
    path("contacts/", views_upkeep.contacts, name="alert_contacts"),
    path("contacts/<uuid:bad_id>", views_upkeep.mend, name="alert_mend"),
    path("stop/<uuid:contact_id>/<str:proof>", views_stop.stop, name="alert_stop"),
    path("tests/", views_upkeep.tests, name="alert_tests"),
]
