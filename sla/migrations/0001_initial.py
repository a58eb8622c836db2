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
            name='Policy',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('kind', models.CharField(choices=[('first', 'First response'), ('next', 'Next response'), ('resolve', 'Resolution'), ('team', 'Team’s own time')], max_length=8)),
                ('service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.service')),
                ('priority', models.SmallIntegerField(blank=True, choices=[(1, 'Urgent'), (2, 'High'), (3, 'Normal'), (4, 'Low')], null=True)),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.team')),
                ('terms', models.CharField(help_text='In the grammar of promises: "within 4 business hours".', max_length=300)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'kind', 'service', 'priority', 'team'), name='policy_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('team', models.ForeignKey(db_index=False, help_text='Holder when last derived: reports by team need no join.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('kind', models.CharField(choices=[('first', 'First response'), ('next', 'Next response'), ('resolve', 'Resolution'), ('team', 'Team’s own time')], max_length=8)),
                ('run', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('met', 'Kept'), ('missed', 'Ended late'), ('void', 'Not needed')], default='running', max_length=8)),
                ('terms', models.CharField(max_length=300)),
                ('started_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(blank=True, help_text='Empty while paused.', null=True)),
                ('check_at', models.DateTimeField(blank=True, help_text='Next warning or breach to notice; empty: nothing to do.', null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('warned_at', models.DateTimeField(blank=True, null=True)),
                ('breached_at', models.DateTimeField(blank=True, null=True)),
                ('derived_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('check_at__isnull', False)), fields=['district', 'check_at'], name='clock_check'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['district', 'ended_at', 'team', 'kind', 'state'], name='clock_ended'), models.Index(condition=models.Q(('state', 'running')), fields=['district', 'due_at', 'team', 'kind'], name='clock_running')],
                'constraints': [models.UniqueConstraint(fields=('district', 'ticket', 'kind', 'run'), name='clock_once')],
            },
        ),
        migrations.CreateModel(
            name='Breach',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('clock', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sla.clock')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('kind', models.CharField(choices=[('first', 'First response'), ('next', 'Next response'), ('resolve', 'Resolution'), ('team', 'Team’s own time')], max_length=8)),
                ('due_at', models.DateTimeField()),
                ('noticed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('handled_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('handled_at__isnull', True)), fields=['district', 'noticed_at'], name='breach_unhandled'), models.Index(fields=['district', 'ticket'], name='breach_ticket')],
                'constraints': [models.UniqueConstraint(fields=('district', 'clock'), name='breach_once')],
            },
        ),
    ]
