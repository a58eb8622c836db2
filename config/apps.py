from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.core import checks

from config.celery import app as celery_app
from districts.checks import check_district_tables


class WiringConfig(AppConfig):
    name = "config"
    celery = celery_app  # loaded with the first app, so that any process can wake a worker

    def ready(self) -> None:
        checks.register(check_district_tables)


class OperatorsConfig(admin.AdminConfig):
    default = False  # of this module
    default_site = "config.operators.OperatorSite"
