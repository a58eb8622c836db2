"""Addresses of a district's host. Those of no district are in `urls_operator`."""

from django.urls import include, path

from districts.views import set_language

urlpatterns = [
    path("", include("intake.urls")),
    path("desk/", include("routing.urls")),
    path("matrix/", include("ownership.urls")),
    path("outages/", include("incidents.urls")),
    path("", include("incidents.urls_status")),
    path("alerts/", include("alerts.urls")),
    path("help/", include("knowledge.urls")),
    path("articles/", include("knowledge.keeping.urls")),
    path("today/", include("reporting.urls")),
    path("notices/", include("delivery.urls")),
    path("calendar/", include("sla.setup.calendar.public")),
    path("setup/", include("intake.setup.urls")),
    path("setup/", include("sla.setup.urls")),
    path("setup/", include("knowledge.setup.urls")),
    path("setup/", include("routing.setup.urls")),
    path("setup/", include("ownership.setup.urls")),
    path("setup/", include("ownership.keeping.urls")),
    path("setup/", include("alerts.setup_urls")),
    path("setup/", include("districts.setup.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/", include("allauth.account.urls")),
    path("language/", set_language, name="set_language"),
]
