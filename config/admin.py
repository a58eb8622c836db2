"""Operators' admin of districts. Above all floors: new hours move promises, which are kept above the district's row."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from districts.middleware import forget_hosts
from districts.models import District
from districts.queries import forget_districts
from districts.scope import district_scope
from sla.actions import calendar_changed

CALENDAR = ("time_zone", "hours", "first_day", "last_day", "school_release")  # what promises are counted by
EMPTY: dict[str, Any] = {"languages": [], "sms_codes": [], "hours": [], "school_release": {}}


class DistrictForm(forms.ModelForm):
    class Meta:
        model = District
        fields = (
            "slug", "name", "host", "time_zone", "languages", "accent", "phone", "crisis_phone", "sms_codes", "hours", "first_day",
            "last_day", "school_release", "active",
        )  # fmt: skip

    def clean_host(self) -> str:
        return str(self.cleaned_data["host"]).strip().lower().rstrip(".")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, nothing in EMPTY.items():  # an emptied box is an empty list, not a missing value
            if name in data and data[name] is None:
                data[name] = nothing
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", "The school year ends before it begins.")
        return data


@admin.register(District)
class DistrictAdmin(admin.ModelAdmin):
    form = DistrictForm
    list_display = ("name", "host", "time_zone", "active")
    search_fields = ("name", "host")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """`manage.py new_district` founds one with all it needs; a bare row would have no doors."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its rows, out of reach here, point at it: take away `active`, and its host is answered no more."""
        return False

    def save_model(self, request: HttpRequest, obj: District, form: Any, change: bool) -> None:
        before = District.objects.values(*CALENDAR).get(id=obj.id)
        super().save_model(request, obj, form, change)
        _forget()
        transaction.on_commit(_forget)  # until then other requests of this process read the old row
        if before != {name: getattr(obj, name) for name in CALENDAR}:
            with district_scope(obj.id):
                calendar_changed(obj, now=timezone.now())


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin):
    """For somebody who has lost their telephone: taken away, never read."""

    list_display = fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    search_fields = ("user__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _forget() -> None:
    forget_hosts()
    forget_districts()
