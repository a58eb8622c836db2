"""System checks: every table is fit to be walled off by district, and to be spread by district later."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.db.models import Model, UniqueConstraint

from districts.postgres.schema import is_district_table

# The tables that belong to no district. A new table is in this list or is a DistrictModel.
SHARED = frozenset(
    {
        "account_emailaddress",
        "account_emailconfirmation",
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "districts_account",
        "districts_account_groups",
        "districts_account_user_permissions",
        "districts_district",
        "django_admin_log",
        "django_content_type",
        "django_session",
        "mfa_authenticator",
    }
)


def all_models() -> list[type[Model]]:
    return [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]


def check_district_tables(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> Iterable[checks.CheckMessage]:
    for model in all_models():
        table = model._meta.db_table
        if not is_district_table(model):
            if table not in SHARED:
                yield checks.Error(f"{table}: neither a district table nor in SHARED", id="districts.E001")
            continue
        yield from _keys(model)


def _keys(model: type[Model]) -> Iterable[checks.CheckMessage]:
    label = model._meta.label
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield checks.Error(f"{label}.{field.name}: unique across districts", id="districts.E003")
        if getattr(field, "db_index", False) and not field.primary_key:
            yield checks.Error(f"{label}.{field.name}: an index that does not start with the district", id="districts.E004")
    for many in model._meta.local_many_to_many:
        through = many.remote_field.through
        if through is not None and through._meta.auto_created:
            yield checks.Error(f"{label}.{many.name}: its table has no district, use through=", id="districts.E005")
    for key in [*model._meta.constraints, *model._meta.indexes]:
        if key in model._meta.constraints and not isinstance(key, UniqueConstraint):
            continue
        if _first(key) != "district":
            yield checks.Error(f"{label}.{key.name}: must start with district", id="districts.E006")


def _first(key: Any) -> str:
    if key.fields:
        return str(key.fields[0]).lstrip("-")
    first: Any = key.expressions[0]
    return str(getattr(first, "name", ""))
