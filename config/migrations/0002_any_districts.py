"""Of more districts than are asked for, any are told: those whose rows cannot be worked off must not hide the others for ever."""

from importlib import import_module

from django.db import migrations

work_function = import_module("config.migrations.0001_work").work_function
ANY = work_function(create="CREATE OR REPLACE FUNCTION", order=" ORDER BY random()", volatility="VOLATILE")


class Migration(migrations.Migration):
    dependencies = [("config", "0001_work")]
    operations = [migrations.RunSQL(ANY, migrations.RunSQL.noop)]
