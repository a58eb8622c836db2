import districts.accounts
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('districts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('slug', models.SlugField(db_index=False, max_length=120)),
                ('title', models.CharField(max_length=200)),
                ('summary', models.CharField(blank=True, max_length=400)),
                ('body', models.TextField(help_text='Markdown.')),
                ('language', models.CharField(default='en', max_length=8)),
                ('translation_of', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.article')),
                ('audience', models.JSONField(default=list, help_text='Kinds of people who may read it.')),
                ('services', models.JSONField(default=list, help_text='Slugs of the services it helps with.')),
                ('keywords', models.TextField(blank=True)),
                ('team', models.ForeignKey(blank=True, db_index=False, help_text='Owner.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('review_by', models.DateField(blank=True, null=True)),
                ('published_at', models.DateTimeField(blank=True, help_text='Empty: nobody reads it.', null=True)),
                ('shown', models.PositiveIntegerField(blank=True, help_text='Number of the version that is published.', null=True)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('english', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('title', 'keywords', 'body', config='english'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('spanish', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('title', 'keywords', 'body', config='spanish'), output_field=django.contrib.postgres.search.SearchVectorField())),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['district', 'english'], name='article_english'), django.contrib.postgres.indexes.GinIndex(fields=['district', 'spanish'], name='article_spanish')],
                'constraints': [models.UniqueConstraint(fields=('district', 'slug'), name='article_slug_once')],
            },
        ),
        migrations.CreateModel(
            name='ModelSettings',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('on', models.BooleanField(default=False)),
                ('purposes', models.JSONField(blank=True, default=list, help_text='Of `Purpose`, without the test.')),
                ('budget', models.DecimalField(decimal_places=2, default=20, help_text='US dollars a calendar month.', max_digits=9)),
                ('month', models.CharField(blank=True, help_text="On the district's clock, of `charged`: 2026-11.", max_length=7)),
                ('charged', models.DecimalField(decimal_places=6, default=0, help_text='US dollars this month: what calls have cost, and the most that those under way may.', max_digits=14)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='districts.person')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district',), name='model_settings_once')],
            },
        ),
        migrations.CreateModel(
            name='ModelCall',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('purpose', models.CharField(choices=[('answers', 'Writing answers'), ('triage', 'Sorting requests'), ('test', 'Test')], max_length=16)),
                ('outcome', models.CharField(choices=[('answered', 'Answered'), ('cached', 'Answered before'), ('refused-budget', 'Not asked: budget used up'), ('breaker', 'Not asked: model is down'), ('timeout', 'Too slow'), ('error', 'Failed'), ('nonsense', 'Answer of no use')], max_length=16)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('endpoint', models.CharField(blank=True, help_text='Host and port; never a key.', max_length=260)),
                ('model', models.CharField(blank=True, max_length=120)),
                ('sent', models.JSONField(default=list, help_text='The messages as they left, redacted.')),
                ('returned', models.TextField(blank=True, help_text='As it came, before anything is put back; cut where it is very long.')),
                ('detail', models.CharField(blank=True, help_text='Why it failed.', max_length=300)),
                ('redacted', models.JSONField(default=dict, help_text='How much was taken out: {"PERSON": 2}.')),
                ('tokens_in', models.PositiveIntegerField(default=0)),
                ('tokens_out', models.PositiveIntegerField(default=0)),
                ('cost', models.DecimalField(decimal_places=6, default=0, help_text='US dollars.', max_digits=12)),
                ('milliseconds', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('about', models.UUIDField(blank=True, help_text='The ticket or the answer it was for.', null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', '-at'], name='model_call_at'), models.Index(fields=['district', 'purpose', '-at'], name='model_call_purpose'), models.Index(fields=['district', 'outcome', '-at'], name='model_call_outcome')],
            },
        ),
        migrations.CreateModel(
            name='ArticleVersion',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.article')),
                ('number', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('rest', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, help_text='What else the article said: see knowledge.keeping.written. Empty: nobody wrote it down.')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('proposed', 'Waits for approval'), ('published', 'Published'), ('replaced', 'Replaced by a later one'), ('rejected', 'Sent back'), ('withdrawn', 'Taken from the site')], db_default='replaced', default='replaced', max_length=10)),
                ('note', models.CharField(blank=True, db_default='', default='', help_text='What was changed, or where it came from.', max_length=300)),
                ('beside', models.PositiveIntegerField(blank=True, help_text='Number of the published version when this one was begun.', null=True)),
                ('made_from', models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Ids of the solved tickets whose answers it has.')),
                ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('judged_by', models.ForeignKey(blank=True, db_index=False, help_text='Who published it, sent it back or took it from the site.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('judged_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=500)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'article', 'number'), name='article_version_once'), models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'proposed'])), fields=('district', 'article'), name='article_one_draft')],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.article')),
                ('day', models.DateField(help_text="On the district's clock.")),
                ('audience', models.CharField(help_text='staff or public.', max_length=8)),
                ('language', models.CharField(max_length=8)),
                ('times', models.PositiveIntegerField(default=1)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'day'], name='reading_day')],
                'constraints': [models.UniqueConstraint(fields=('district', 'article', 'day', 'audience', 'language'), name='reading_once')],
            },
        ),
        migrations.CreateModel(
            name='Meaning',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.article')),
                ('of', models.CharField(help_text='SHA-256 of the texts and of the weights they were read with.', max_length=64)),
                ('rows', models.BinaryField(help_text='float16, a row of 384 a text: title, words people use, lines.')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'article'), name='meaning_once')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('question', models.TextField()),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.article')),
                ('passage', models.TextField()),
                ('language', models.CharField(default='en', max_length=8)),
                ('outcome', models.CharField(choices=[('shown', 'Shown'), ('solved', 'Solved'), ('not_enough', 'Not Enough')], default='shown', max_length=12)),
                ('ticket_ref', models.UUIDField(blank=True, null=True)),
                ('gathered_at', models.DateTimeField(blank=True, help_text='It was not enough, and is among the gaps since then.', null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'at'], name='answer_at'), models.Index(fields=['district', 'article', 'at'], name='answer_article'), models.Index(condition=models.Q(('gathered_at__isnull', True), ('outcome', 'not_enough')), fields=['district', 'at'], name='answer_not_gathered')],
            },
        ),
        migrations.CreateModel(
            name='GapGroup',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('language', models.CharField(max_length=8)),
                ('measure', models.CharField(help_text='By what its questions were compared: meaning or words.', max_length=8)),
                ('centre', models.BinaryField(help_text="float32: the sum of its questions' figures.")),
                ('question', models.CharField(help_text='The one in the middle, without what tells who asked.', max_length=300)),
                ('size', models.PositiveIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('services', models.JSONField(default=list, help_text='Slugs of the likeliest services, the nearest first.')),
                ('state', models.CharField(choices=[('open', 'Nobody has written it'), ('drafted', 'An article is being written'), ('answered', 'An article answers it'), ('dismissed', 'Not for us')], default='open', max_length=10)),
                ('article', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='knowledge.article')),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('judged_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('judged_at', models.DateTimeField(blank=True, null=True)),
                ('judged_size', models.PositiveIntegerField(default=0, help_text='How many had asked by then.')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'state', '-size'], name='gap_group_size'), models.Index(fields=['district', 'state', '-last_at'], name='gap_group_last')],
            },
        ),
        migrations.CreateModel(
            name='Gap',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('question', models.TextField()),
                ('language', models.CharField(default='en', max_length=8)),
                ('best_score', models.FloatField(default=0)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('read_at', models.DateTimeField(blank=True, help_text='Empty: the worker has not seen it, and it is as it was asked.', null=True)),
                ('answer', models.ForeignKey(blank=True, db_index=False, help_text='What was shown, and was not enough.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='knowledge.answer')),
                ('group', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='knowledge.gapgroup')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'at'], name='gap_at'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['district', 'at'], name='gap_unread'), models.Index(fields=['district', 'group', 'at'], name='gap_of_group')],
            },
        ),
        migrations.CreateModel(
            name='Writing',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('answer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.answer')),
                ('audience', models.CharField(help_text='Of whoever asked: staff or public.', max_length=12)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('asked', 'Asked'), ('written', 'Written'), ('left', 'Left')], default='waiting', max_length=8)),
                ('sentences', models.JSONField(default=list, help_text='[{"text": "…", "slug": "…", "quote": "…"}]; each checked.')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['district', 'asked_at'], name='writing_waits')],
                'constraints': [models.UniqueConstraint(fields=('district', 'answer'), name='writing_once')],
            },
        ),
    ]
