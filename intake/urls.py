"""Addresses of people who ask, and of machines that bring messages in."""

from django.urls import include, path

from intake.views import came_in, envelopes, files, find, following, front_door, same_person, tracking

urlpatterns = [
    path("", front_door.front_door, name="front_door"),
    path("", include("intake.urls_hooks")),  # the busiest of the others
    path("at/<str:code>/", front_door.at_place, name="at_site"),
    path("at/<str:code>/<path:room>", front_door.at_place, name="at_place"),
    path("questions", front_door.questions, name="questions"),
    path("answers/<uuid:answer_id>/solved", front_door.solved, name="answer_solved"),
    path("came-in/", envelopes.envelopes, name="envelopes"),
    path("came-in/<uuid:envelope_id>/", came_in.came_in, name="came_in"),
    path("came-in/again", envelopes.envelopes_again, name="envelopes_again"),
    path("came-in/<uuid:envelope_id>/again", envelopes.envelope_again, name="envelope_again"),
    path("files/<str:signed>", files.file, name="file"),
    path("people/of/<uuid:ticket_id>", same_person.same_person, name="same_person"),
    path("find", find.find, name="find"),
    path("following/<uuid:follower_id>/<str:mark>", following.following, name="following"),
    path("r/<str:token>", tracking.tracking, name="tracking"),
    path("r/<str:token>/reply", tracking.reply, name="tracking_reply"),
    path("r/<str:token>/solved", tracking.solved, name="tracking_solved"),
    path("r/<str:token>/reopen", tracking.reopen, name="tracking_reopen"),
    path("r/<str:token>/apart", tracking.apart, name="tracking_apart"),
    path("r/<str:token>/link", tracking.link, name="tracking_link"),
    path("r/<str:token>/files/<uuid:attachment_id>", tracking.file, name="tracking_file"),
    path("", include("intake.chat.urls")),
]
