from django.apps import AppConfig
from django.core import checks

from districts.checks import check_district_tables


class WiringConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        checks.register(check_district_tables)
