"""Operators' admin: rows that belong to no district. Those of one are out of its reach by design; a district's own row, whose
change moves promises, is in `config.admin`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from districts.models import Account


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    readonly_fields = ("password", "last_login", "created_at")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People of districts point at it by its id: take away `is_active` instead."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A sign-in is never renamed: whoever can read the old address's mail would still be let in by a code, and people of
        districts would sign in by an address their administrators did not give. Make another, and take `is_active` from this."""
        return self.readonly_fields if obj is None else ("email", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if not change:
            obj.email = obj.email.lower()
            obj.set_unusable_password()  # they sign in by a mailed code
        super().save_model(request, obj, form, change)
