"""What was changed on pages stays when a file is loaded again: so do ladders that were changed before that was written down."""

from django.db import migrations, models

CHANGED = """
UPDATE ownership_ladder l SET edited_at = c.at
FROM (SELECT district_id, ladder_id, max(at) AS at FROM ownership_ladderchange GROUP BY district_id, ladder_id) c
WHERE c.district_id = l.district_id AND c.ladder_id = l.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ownership', '0003_summons'),
    ]

    operations = [
        migrations.AddField(
            model_name='ladder',
            name='edited_at',
            field=models.DateTimeField(blank=True, help_text='Changed on our pages since a file was loaded: that stays.', null=True),
        ),
        migrations.RunSQL(CHANGED, migrations.RunSQL.noop),
    ]
