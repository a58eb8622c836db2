import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import districts.models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0004_voice"), ("districts", "0003_doors")]

    operations = [
        migrations.CreateModel(
            name="Unsubscribed",
            fields=[
                ("id", models.UUIDField(default=districts.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("address", models.CharField(max_length=254)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "district",
                    models.ForeignKey(
                        db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to="districts.district",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.AddConstraint(
            "unsubscribed", models.UniqueConstraint(fields=("district", "address"), name="alert_unsubscribed_once")
        ),
    ]  # fmt: skip
