import districts.accounts
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# Does another district send texts from this number? Yes or no, past row-level security: it is on the list of `manage.py check_isolation`,
# and tells neither which district nor anything else of it.
ELSEWHERE = """
CREATE FUNCTION delivery_texts_elsewhere(wanted text, here uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
SELECT EXISTS (SELECT FROM public.delivery_line r WHERE r.number = wanted AND r.texts AND r.district_id <> here) $$"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('districts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'SMS'), ('inapp', 'In the app'), ('voice', 'Phone call')], max_length=8)),
                ('state', models.CharField(choices=[('pending', 'Waiting'), ('sent', 'Sent'), ('kept', 'Kept, would have been sent'), ('uncertain', 'May have been sent'), ('failed', 'Refused'), ('dead', 'Given up'), ('suppressed', 'Not sent: opted out')], default='pending', max_length=12)),
                ('dedupe_key', models.CharField(help_text="What makes this message once, e.g. 'ack:<ticket id>'.", max_length=120)),
                ('purpose', models.CharField(help_text='ack, reply, notice, sign-in …', max_length=16)),
                ('person', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('address', models.CharField(blank=True, max_length=254)),
                ('sent_from', models.CharField(blank=True, db_default='', default='', help_text='Our number that a text leaves from; empty: not chosen yet.', max_length=20)),
                ('about', models.UUIDField(blank=True, help_text='The ticket it speaks of; a floor above, so an id only.', null=True)),
                ('subject', models.CharField(blank=True, max_length=300)),
                ('body', models.TextField()),
                ('link', models.CharField(blank=True, help_text='Path an in-app notice leads to.', max_length=300)),
                ('reply_to', models.CharField(blank=True, max_length=254)),
                ('message_id', models.CharField(blank=True, help_text='Deterministic Message-ID, without angle brackets.', max_length=250)),
                ('references', models.TextField(blank=True, help_text='Message-IDs this answers, oldest first, one a line.')),
                ('segments', models.PositiveSmallIntegerField(blank=True, help_text='Parts of a text message that the carrier counts.', null=True)),
                ('wakes', models.BooleanField(default=False, help_text='May break quiet hours.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('not_before', models.DateTimeField(default=django.utils.timezone.now)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('tries', models.PositiveIntegerField(default=0, help_text='Counted over all sendings, never back; a callback names its own.')),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('provider_ref', models.CharField(blank=True, max_length=120)),
                ('error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['district', 'not_before'], name='delivery_pending'), models.Index(fields=['district', 'about'], name='delivery_about'), models.Index(condition=models.Q(('channel', 'inapp')), fields=['district', 'person', 'created_at'], name='delivery_inapp'), models.Index(fields=['district', 'message_id'], name='delivery_message_id'), models.Index(fields=['district', 'created_at'], name='delivery_created')],
                'constraints': [models.UniqueConstraint(fields=('district', 'dedupe_key'), name='delivery_once')],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('number', models.CharField(help_text='E.164.', max_length=20)),
                ('account', models.CharField(blank=True, help_text='Account SID; empty: of whoever runs the product (settings).', max_length=64)),
                ('secret', models.TextField(blank=True, help_text='Sealed: the auth token; empty: of whoever runs the product (settings).')),
                ('texts', models.BooleanField(default=False, help_text='Texts leave from it.')),
                ('first', models.BooleanField(default=False, help_text='A text that answers none leaves from it.')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'number'), name='line_number_once'), models.UniqueConstraint(condition=models.Q(('first', True)), fields=('district',), name='line_first_once')],
            },
        ),
        migrations.CreateModel(
            name='CallHook',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('url', models.CharField(help_text='https:// …', max_length=500)),
                ('secret', models.TextField(help_text='Sealed: the key that what is posted is signed with.')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district',), name='call_hook_once')],
            },
        ),
        migrations.CreateModel(
            name='NumberUsed',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('address', models.CharField(help_text='Theirs, E.164.', max_length=20)),
                ('about', models.UUIDField(help_text='The ticket; a floor above, so an id only.')),
                ('number', models.CharField(help_text='Ours, E.164.', max_length=20)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'address', 'about'), name='number_used_once')],
            },
        ),
        migrations.CreateModel(
            name='OptOut',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'SMS'), ('inapp', 'In the app'), ('voice', 'Phone call')], max_length=8)),
                ('address', models.CharField(max_length=254)),
                ('reason', models.CharField(max_length=40)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('lifted_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'channel', 'address'), name='opt_out_once')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('delivery', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='delivery.delivery')),
                ('kind', models.CharField(help_text='delivered, bounced, complained, failed …', max_length=20)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'delivery'], name='receipt_delivery')],
            },
        ),
        migrations.RunSQL(ELSEWHERE, "DROP FUNCTION delivery_texts_elsewhere(text, uuid)"),
    ]
