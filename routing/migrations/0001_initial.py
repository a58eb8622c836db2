import districts.accounts
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('districts', '0001_initial'),
        ('tickets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('order', models.PositiveSmallIntegerField(default=100)),
                ('name', models.CharField(max_length=120)),
                ('words', models.JSONField(default=list, help_text='Phrases, any of which must be in the text (whole words, any case).')),
                ('channel', models.CharField(blank=True, max_length=8)),
                ('service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('priority', models.SmallIntegerField(blank=True, choices=[(1, 'Urgent'), (2, 'High'), (3, 'Normal'), (4, 'Low')], null=True)),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'name'), name='rule_name_once')],
            },
        ),
        migrations.CreateModel(
            name='TriagePolicy',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.service')),
                ('tier', models.CharField(blank=True, choices=[('automatic', 'Automatic'), ('suggest', 'Suggestion'), ('person', 'Person only')], help_text='Empty: as usual for such a service.', max_length=10)),
                ('shadow', models.BooleanField(help_text='Decide and record, without acting. Empty, of a service: as the district.', null=True)),
                ('wanted', models.FloatField(help_text='Share of what is placed by itself that should be right, 0 to 1.', null=True)),
                ('threshold', models.FloatField(help_text="Confidence from which it acts; empty: the model's own.", null=True)),
                ('changed_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'service'), name='triage_policy_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('engine', models.CharField(help_text='crisis, asked, channel, rule, classifier, model, front_office, person', max_length=16)),
                ('service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('confidence', models.FloatField(default=0, help_text='0 to 1')),
                ('automatic', models.BooleanField(default=True)),
                ('reasons', models.JSONField(default=list)),
                ('alternatives', models.JSONField(default=list, help_text='[{"service", "team", "confidence"}], best first')),
                ('model_version', models.PositiveIntegerField(blank=True, null=True)),
                ('tier', models.CharField(blank=True, choices=[('automatic', 'Automatic'), ('suggest', 'Suggestion'), ('person', 'Person only')], db_default='', default='', max_length=10)),
                ('shadow', models.BooleanField(db_default=False, default=False)),
                ('suggested_team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('suggested_service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
                ('suggested_by', models.CharField(blank=True, db_default='', default='', help_text='classifier, model', max_length=16)),
                ('corrected_service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
                ('corrected_team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('corrected_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('corrected_at', models.DateTimeField(blank=True, null=True)),
                ('mistaken_at', models.DateTimeField(blank=True, help_text='The correction was a mistake: nothing is learned from it.', null=True)),
                ('mistaken_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'ticket'], name='decision_ticket'), models.Index(fields=['district', 'at'], name='decision_at')],
            },
        ),
        migrations.CreateModel(
            name='Handoff',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('from_team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('to_team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('known', models.TextField(help_text='What is known.')),
                ('asked', models.TextField(help_text='What is asked of the next team.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'ticket'], name='handoff_ticket'), models.Index(fields=['district', 'at'], name='handoff_at')],
            },
        ),
        migrations.CreateModel(
            name='TrainedModel',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('version', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('active', 'In use'), ('retired', 'Retired'), ('rejected', 'Worse than the one in use'), ('undone', 'Taken back')], max_length=8)),
                ('examples', models.PositiveIntegerField()),
                ('accuracy', models.FloatField(help_text='Share of held-out examples placed right.', null=True)),
                ('threshold', models.FloatField(default=0.5, help_text='Confidence from which it acts on its own.')),
                ('blob', models.BinaryField()),
                ('digest', models.CharField(help_text='HMAC-SHA-256 of blob under SECRET_KEY: only our own is loaded.', max_length=64)),
                ('trained_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('held_out', models.JSONField(db_default=models.Value([], models.JSONField()), default=list, help_text='[[confidence, team right, id of the service]] of unseen texts')),
                ('from_tickets', models.BooleanField(db_default=False, default=False, help_text='Held-out texts are settled tickets, not phrases.')),
                ('returned_at', models.DateTimeField(blank=True, help_text='When it was gone back to.', null=True)),
                ('returned_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('why', models.CharField(blank=True, db_default='', default='', help_text='Why it was taken back, or gone back to.', max_length=300)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'version'), name='trained_model_once')],
            },
        ),
    ]
