from django.urls import include, path

from ownership import views
from ownership.duty import views as views_duty
from ownership.feeds import views_ping, views_sign
from ownership.ladders import views_take
from ownership.overview import views_diagram, views_rollout

urlpatterns = [
    path("", views.matrix, name="matrix"),
    path("ping/", views_ping.ping, name="ping_nobody"),  # a script whose token is empty
    path("ping/<str:token>", views_ping.ping, name="ping"),
    path("ping/<str:token>/held", views_ping.held, name="ping_held"),
    path("ping/<str:token>/<slug:end>", views_ping.ping, name="ping_end"),
    path("sign/<slug:slug>/now", views_sign.sign_now, name="sign_check_now"),
    path("sign/<str:token>", views_sign.sign, name="sign_check"),
    path("take/<str:token>", views_take.take, name="take"),
    path("steps/", views.steps, name="steps"),
    path("steps/<uuid:step_id>/done", views.step_done, name="step_done"),
    path("steps/<uuid:step_id>/give", views.step_give, name="step_give"),
    path("steps/files/<uuid:file_id>", views.step_file, name="step_file"),
    path("escalations/", views.steps, name="escalations"),  # where those who open an address below it are led
    path("escalations/<uuid:escalation_id>/acknowledge", views.acknowledge, name="acknowledge_escalation"),
    path("escalations/<uuid:escalation_id>/snooze", views.snooze, name="snooze_escalation"),
    path("escalations/<uuid:escalation_id>/raise", views.raise_now, name="raise_escalation"),
    path("escalations/<uuid:escalation_id>/skip", views.skip, name="skip_rung"),
    path("diagram/", views_diagram.diagram, name="matrix_diagram"),
    path("on-call/", views_duty.on_call, name="on_call"),
    path("on-call/swap/<uuid:rotation_id>", views_duty.swap, name="swap"),
    path("on-call/swap/<uuid:swap_id>/undo", views_duty.undo_swap, name="undo_swap"),
    path("on-call/leave", views_duty.leave, name="leave"),
    path("on-call/leave/<uuid:leave_id>/end", views_duty.end_leave, name="end_leave"),
    path("on-call/shifts/<str:token>.ics", views_duty.shifts, name="shifts"),
    path("ladders/<slug:slug>/", views_duty.ladder, name="ladder"),
    path("ladders/<slug:slug>/test", views_duty.rehearse, name="rehearse_ladder"),
    path("ladders/<slug:slug>/tests/<uuid:test_id>/", views_duty.ladder_test, name="ladder_test"),
    path("roll-out/", views_rollout.board, name="matrix_rollout"),
    path("feeds/", include("ownership.feeds.urls")),
    path("holds/", include("ownership.holds.urls")),
    path("playbooks/", include("ownership.playbooks.urls")),
    path("changes/", include("ownership.changes.urls")),
    path("vendors/", include("ownership.vendors.urls")),
    path("triggers/", include("ownership.triggers.urls")),
    path("cover/", include("ownership.covering.urls")),
    path("", include("ownership.cadence.urls")),
    path("<slug:slug>/", views.process, name="process"),
    path("<slug:slug>/test", views.drill, name="test_ladder"),
]
