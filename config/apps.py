from typing import Any

import psycopg
from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin
from django.core import checks

from config.celery import app as celery_app
from districts.checks import check_district_tables
from districts.postgres import roles


class WiringConfig(AppConfig):
    name = "config"
    celery = celery_app  # loaded with the first app, so that any process can wake a worker

    def ready(self) -> None:
        checks.register(check_district_tables)
        checks.register(check_application_role, deploy=True)


def check_application_role(**_kwargs: Any) -> list[checks.CheckMessage]:
    """`check --deploy` tells what every serving process would refuse to start with."""
    try:
        roles.check_application_role(settings.APP_URL, patience=0)
    except (roles.StrongRole, psycopg.OperationalError) as error:
        return [checks.Error(str(error).splitlines()[0], hint="See DATABASE_APP_URL in .env.example.", id="frontdoor.E001")]
    return []


class OperatorsConfig(admin.AdminConfig):
    default = False  # of this module
    default_site = "config.operators.OperatorSite"
