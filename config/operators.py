"""The operators' admin: entered by the same sign-in as everything else, so that its limits and its second step hold here too."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from districts import second_step

OURS = ("config", "districts")


class OperatorSite(admin.AdminSite):
    """Only what is ours to change: pages that packages register by themselves would go around our own, with an address that no
    account follows, or a secret in plain sight.
    """

    site_header = site_title = "Front door: operators"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        if admin_class is None or admin_class.__module__.partition(".")[0] in OURS:
            super().register(model_or_iterable, admin_class=admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and (not settings.OPERATOR_MFA or second_step.passed(request))

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No form of its own: whoever lacks something is sent where it is to be had, and comes back."""
        back = get_next_redirect_url(request) or reverse("admin:index")
        if not request.user.is_authenticated:
            return HttpResponseRedirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': back})}")
        if not super().has_permission(request):
            raise PermissionDenied("no operator")
        return HttpResponseRedirect(back) if self.has_permission(request) else second_step.ask_for_it(request, back=back)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))
