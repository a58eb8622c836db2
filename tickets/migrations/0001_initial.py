import districts.accounts
import districts.models
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.utils.timezone
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

WITH_TICKET = (
    "ALTER TABLE tickets_ticketwords ADD CONSTRAINT words_of_ticket FOREIGN KEY (district_id, id)"
    " REFERENCES tickets_ticket (district_id, id) ON DELETE CASCADE"
)
# Behind a policy an index serves only operators that cannot tell of a row they are refused. This one is such: it raises nothing,
# whatever it compares. Only a superuser may say so; without, a search reads its district's rows (docs/decisions/search-in-tickets.md).
INDEX_BEHIND_THE_POLICY = """
DO $$ BEGIN
  ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'ts_match_vq stays as it is: searching words reads the rows of the district';
END $$"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('districts', '0001_initial'),
    ]

    operations = [
        BtreeGinExtension(),
        migrations.CreateModel(
            name='TicketCounter',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('last', models.PositiveBigIntegerField(default=1000)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district',), name='ticket_counter_once')],
            },
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('number', models.PositiveBigIntegerField()),
                ('token', models.CharField(default=districts.models.new_token, help_text='Opens the tracking page without an account.', max_length=32)),
                ('subject', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('new', 'New'), ('open', 'Open'), ('wait_asker', 'Waiting on requester'), ('wait_other', 'Waiting on other'), ('resolved', 'Resolved'), ('closed', 'Closed'), ('merged', 'Merged')], default='new', max_length=10)),
                ('priority', models.SmallIntegerField(choices=[(1, 'Urgent'), (2, 'High'), (3, 'Normal'), (4, 'Low')], default=3)),
                ('channel', models.CharField(choices=[('web', 'Web form'), ('email', 'Email'), ('sms', 'SMS'), ('phone', 'Phone'), ('api', 'API'), ('chat', 'Chat')], max_length=8)),
                ('language', models.CharField(default='en', max_length=8)),
                ('requester', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('opened_by', models.ForeignKey(blank=True, db_index=False, help_text='Who opened it for the requester; empty: they did.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('service', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.service')),
                ('assignee', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.site')),
                ('room', models.CharField(blank=True, max_length=40)),
                ('asset_tag', models.CharField(blank=True, max_length=40)),
                ('sensitive', models.BooleanField(default=False)),
                ('crisis', models.BooleanField(default=False)),
                ('opened_at', models.DateTimeField()),
                ('placed_at', models.DateTimeField(blank=True, help_text='Empty: triage has not seen it yet.', null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('merged_into', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
                ('facts_at', models.DateTimeField(help_text='When something that matters to a promise last changed.')),
                ('derived_at', models.DateTimeField(help_text='Facts up to here are in the clocks; older than facts_at: derive again.')),
                ('due_at', models.DateTimeField(blank=True, help_text='The next promise due, copied from the clocks for order.', null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(models.F('district'), models.F('team'), models.OrderBy(models.F('due_at'), nulls_last=True), models.F('id'), condition=models.Q(('status__in', ['new', 'open', 'wait_asker', 'wait_other'])), include=('assignee',), name='ticket_queue'), models.Index(models.F('district'), models.F('assignee'), models.OrderBy(models.F('due_at'), nulls_last=True), models.F('id'), condition=models.Q(('assignee__isnull', False), ('status__in', ['new', 'open', 'wait_asker', 'wait_other'])), name='ticket_mine'), models.Index(models.F('district'), models.F('team'), models.OrderBy(models.F('due_at'), nulls_last=True), models.F('id'), condition=models.Q(('assignee__isnull', True), ('status__in', ['new', 'open', 'wait_asker', 'wait_other'])), name='ticket_unassigned'), models.Index(fields=['district', 'requester', 'opened_at'], name='ticket_requester'), models.Index(fields=['district', 'opened_at'], name='ticket_opened'), models.Index(condition=models.Q(('resolved_at__isnull', False)), fields=['district', 'resolved_at'], name='ticket_resolved'), models.Index(condition=models.Q(('resolved_at__isnull', False)), fields=['district', 'team', 'resolved_at', 'id'], name='ticket_team_resolved'), models.Index(condition=models.Q(('status', 'resolved')), fields=['district', 'resolved_at'], name='ticket_to_close'), models.Index(condition=models.Q(('asset_tag', ''), _negated=True), fields=['district', 'asset_tag'], name='ticket_asset'), models.Index(condition=models.Q(('placed_at__isnull', True)), fields=['district', 'opened_at'], name='ticket_unplaced'), models.Index(condition=models.Q(('facts_at__gt', models.F('derived_at'))), fields=['district', 'facts_at'], name='ticket_stale')],
                'constraints': [models.UniqueConstraint(fields=('district', 'number'), name='ticket_number_once'), models.UniqueConstraint(fields=('district', 'token'), name='ticket_token_once')],
            },
        ),
        migrations.CreateModel(
            name='TicketWords',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('words', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['district', 'words'], name='ticket_words')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('kind', models.CharField(choices=[('request', 'From the requester'), ('reply', 'Reply'), ('note', 'Internal note')], max_length=8)),
                ('channel', models.CharField(choices=[('web', 'Web form'), ('email', 'Email'), ('sms', 'SMS'), ('phone', 'Phone'), ('api', 'API'), ('chat', 'Chat')], max_length=8)),
                ('author', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('text', models.TextField()),
                ('quoted', models.TextField(blank=True, help_text='Quoted history and signature, folded away.')),
                ('html', models.TextField(blank=True, help_text='Cleaned HTML of a mail; shown only in a sandboxed frame.')),
                ('language', models.CharField(blank=True, max_length=8)),
                ('envelope_ref', models.UUIDField(blank=True, help_text='The envelope it came in; a floor above, so an id only.', null=True)),
                ('sender_check', models.CharField(blank=True, db_default='', default='', help_text='What the trusted hop found of the sender: "spf=pass dkim=pass dmarc=fail"; empty: nothing is known.', max_length=60)),
                ('at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'ticket', 'at'], name='message_ticket')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('key', models.SlugField(db_index=False, max_length=60)),
                ('label', models.CharField(max_length=200)),
                ('value', models.CharField(max_length=1000)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'ticket', 'key'), name='answer_once')],
            },
        ),
        migrations.CreateModel(
            name='ThreadId',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('message_id', models.CharField(help_text='Without angle brackets.', max_length=250)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'ticket'], name='thread_id_ticket')],
                'constraints': [models.UniqueConstraint(fields=('district', 'message_id', 'ticket'), name='thread_id_once')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('placed', 'Placed'), ('handed_off', 'Handed off'), ('assigned', 'Assigned'), ('asker_wrote', 'Requester wrote'), ('replied', 'Replied'), ('noted', 'Note added'), ('waiting', 'Waiting'), ('resumed', 'Resumed'), ('priority', 'Priority changed'), ('service', 'Service changed'), ('resolved', 'Resolved'), ('reopened', 'Reopened'), ('closed', 'Closed'), ('merged', 'Merged'), ('late', 'Promise broken'), ('escalated', 'Escalated'), ('read', 'Read'), ('danger', 'Words of danger'), ('promised', 'New time told'), ('unmerged', 'Taken apart again'), ('reread', 'Mail read again')], max_length=12)),
                ('by', models.ForeignKey(blank=True, db_index=False, help_text='Empty: the product itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('data', models.JSONField(default=dict)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'ticket', 'at'], name='event_ticket'), models.Index(fields=['district', 'kind', 'at'], name='event_kind')],
            },
        ),
        migrations.CreateModel(
            name='Follower',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.person')),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'ticket', 'person'), name='follower_once')],
            },
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='tickets.ticket')),
                ('other', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('kind', models.CharField(choices=[('related', 'Related'), ('may_belong', 'May belong to'), ('follows_up', 'Follows up on')], max_length=12)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'ticket', 'other', 'kind'), name='link_once')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='tickets.message')),
                ('name', models.CharField(max_length=200)),
                ('content_type', models.CharField(help_text='Sniffed from the bytes, not taken from the sender.', max_length=120)),
                ('size', models.PositiveIntegerField(help_text='Bytes.')),
                ('sha256', models.CharField(max_length=64)),
                ('path', models.CharField(help_text='Below MEDIA_ROOT, never served directly.', max_length=300)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'message'], name='attachment_message')],
            },
        ),
        migrations.RunSQL(WITH_TICKET, migrations.RunSQL.noop),
        migrations.RunSQL(INDEX_BEHIND_THE_POLICY, migrations.RunSQL.noop),
    ]
