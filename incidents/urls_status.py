"""The status page, set-up of the plan, and the address for systems that watch others."""

from django.urls import path

from incidents.api import Outages
from incidents.views import setup, status

urlpatterns = [
    path("api/outages", Outages.as_view(), name="api_outages"),
    path("status/", status.status, name="status"),
    path("status/<uuid:incident_id>/", status.one, name="status_incident"),
    path("status/subscribe", status.subscribe, name="status_subscribe"),
    path("status/confirm/<str:token>", status.confirm, name="status_confirm"),
    path("status/leave/<str:token>", status.leave, name="status_leave"),
    path("status/feed.atom", status.atom, name="status_atom"),
    path("status/feed.rss", status.rss, name="status_rss"),
    path("setup/outages/", setup.plan, name="setup_outages"),
    path("setup/outages/rules", setup.rules, name="setup_outage_rules"),
    path("setup/outages/levels/<uuid:level_id>", setup.level, name="setup_outage_level"),
    path("setup/outages/forms/<uuid:kind_id>", setup.paper_kind, name="setup_outage_form"),
]
