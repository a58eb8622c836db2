from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_lines")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("ALTER TABLE intake_channel ALTER COLUMN secret SET DEFAULT ''", migrations.RunSQL.noop)],
            state_operations=[migrations.RemoveField(model_name="channel", name="secret")],
        ),
    ]
