from django.urls import path

from routing.views import acts, log, merging, queue, suggested, ticket

urlpatterns = [
    path("", queue.desk, name="desk"),
    path("pulse/", queue.pulse, name="desk_pulse"),
    path("log/", log.log, name="quick_log"),
    path("log/caller/", log.caller, name="quick_log_caller"),
    path("<uuid:ticket_id>/", ticket.ticket, name="desk_ticket"),
    path("<uuid:ticket_id>/suggested/", suggested.suggested, name="desk_suggested"),
    path("<uuid:ticket_id>/files/<uuid:attachment_id>/", ticket.attachment, name="desk_attachment"),
    path("<uuid:ticket_id>/mail/<uuid:message_id>/", ticket.as_sent, name="desk_mail"),
    path("<uuid:ticket_id>/reply/", acts.reply, name="desk_reply"),
    path("<uuid:ticket_id>/note/", acts.note, name="desk_note"),
    path("<uuid:ticket_id>/assign/", acts.assign, name="desk_assign"),
    path("<uuid:ticket_id>/hand-off/", acts.hand_off, name="desk_hand_off"),
    path("<uuid:ticket_id>/wait/", acts.wait, name="desk_wait"),
    path("<uuid:ticket_id>/resume/", acts.resume, name="desk_resume"),
    path("<uuid:ticket_id>/resolve/", acts.resolve, name="desk_resolve"),
    path("<uuid:ticket_id>/reopen/", acts.reopen, name="desk_reopen"),
    path("<uuid:ticket_id>/priority/", acts.priority, name="desk_priority"),
    path("<uuid:ticket_id>/follow/", acts.follow, name="desk_follow"),
    path("<uuid:ticket_id>/merge/", merging.merge, name="desk_merge"),
    path("<uuid:ticket_id>/take-apart/", merging.take_apart, name="desk_take_apart"),
    path("<uuid:ticket_id>/correct/", acts.correct, name="desk_correct"),
]
