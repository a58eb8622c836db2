import districts.accounts
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('districts', '0004_school_calendar'),
        ('ownership', '0002_on_call'),
    ]

    operations = [
        migrations.CreateModel(
            name='Summons',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('notice', models.CharField(help_text='The key of the notice.', max_length=120)),
                ('at', models.DateTimeField()),
                ('code', models.PositiveSmallIntegerField(blank=True, help_text='What they text back; empty: no text says so.', null=True)),
                ('text_key', models.CharField(blank=True, help_text='The dedupe_key of the text that says so.', max_length=120)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('escalation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='summons', to='ownership.escalation')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.person')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('code__isnull', False)), fields=['district', 'person', 'at'], name='summons_code'), models.Index(fields=['district', 'escalation'], name='summons_escalation')],
                'constraints': [models.UniqueConstraint(fields=('district', 'person', 'notice'), name='summons_once')],
            },
        ),
    ]
