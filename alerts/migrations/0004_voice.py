import alerts.models
from django.db import migrations, models

CHANNELS = [("sms", "Text"), ("email", "Email"), ("voice", "Voice call"), ("call", "Called by staff")]


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_ladders")]

    operations = [
        migrations.AddField(
            "alertpolicy",
            "channels",
            models.JSONField(
                default=alerts.models.usual_channels, help_text="What alerts and tests go out by where nobody says otherwise."
            ),
        ),
        migrations.AddField(
            "alertrecipient",
            "tree_at",
            models.DateTimeField(blank=True, help_text="Somebody was asked to call them.", null=True),
        ),
        migrations.RunSQL(
            "UPDATE alerts_alertrecipient r SET tree_at = a.tree_at FROM alerts_alert a WHERE a.id = r.alert_id AND a.district_id = "
            "r.district_id AND a.tree_at IS NOT NULL AND r.outcome <> 'reached'",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField("alert", "channels", models.JSONField(default=list, help_text="sms, email, voice.")),
        migrations.AlterField("alertcontact", "channel", models.CharField(choices=CHANNELS, max_length=8)),
        migrations.AlterField(
            "alertrecipient",
            "channel",
            models.CharField(blank=True, choices=CHANNELS, help_text="By which they were reached first.", max_length=8),
        ),
        migrations.AlterField("badcontact", "channel", models.CharField(choices=CHANNELS, max_length=8)),
    ]
