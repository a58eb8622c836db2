"""Addresses for machines: providers' webhooks and the API. Included by `intake.urls`."""

from anymail.urls import urlpatterns as anymail
from django.urls import URLPattern, include, path

from intake.mail import hooks, relayed
from intake.phone import twilio

# Mail that a provider takes in for us: hooks/mail/postmark/inbound/ and its like. (Events about mail we sent are delivery's.)
inbound = [URLPattern(one.pattern, hooks.mail_hook(relayed.view_of(one)), name=one.name) for one in anymail if "inbound" in one.name]

urlpatterns = [
    path("hooks/sms/<uuid:channel_id>", twilio.sms_webhook, name="sms_webhook"),
    path("hooks/voice/<uuid:channel_id>", twilio.voice_webhook, name="voice_webhook"),
    path("hooks/voicemail/<uuid:channel_id>", twilio.voicemail_webhook, name="voicemail_webhook"),
    path("hooks/mail/", include((inbound, "anymail_inbound"))),
    path("api/", include("intake.api.urls")),
]
