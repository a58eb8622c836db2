import django.db.models.deletion
from django.db import migrations, models

KEPT = django.db.models.deletion.SET_NULL


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_terms"), ("ownership", "0002_on_call")]

    operations = [
        migrations.AddField(
            "alert",
            "reach_ladder",
            models.ForeignKey(
                blank=True, db_index=False, help_text="Too few were reached in time.", null=True, on_delete=KEPT, related_name="+",
                to="ownership.escalation",
            ),
        ),
        migrations.AddField(
            "alert",
            "report_ladder",
            models.ForeignKey(
                blank=True, db_index=False, help_text="Its report was not signed.", null=True, on_delete=KEPT, related_name="+",
                to="ownership.escalation",
            ),
        ),
        migrations.AddField(
            "alertpolicy",
            "process",
            models.ForeignKey(
                blank=True, db_index=False,
                help_text="Row of the matrix whose ladder begins where the promise is not kept; empty: one is made.", null=True,
                on_delete=KEPT, related_name="+", to="ownership.process",
            ),
        ),
    ]  # fmt: skip
