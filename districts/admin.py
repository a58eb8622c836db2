"""Operators' admin: rows that belong to no district. District rows are out of its reach by design."""

from django.contrib import admin
from django.http import HttpRequest

from districts.models import Account, District


@admin.register(District)
class DistrictAdmin(admin.ModelAdmin):
    list_display = ("name", "host", "time_zone", "active")
    search_fields = ("name", "host")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """`manage.py new_district` founds one with all it needs; a bare row would have no doors."""
        return False


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    readonly_fields = ("password", "last_login", "created_at")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")
