import districts.accounts
import districts.models
import districts.validation
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(help_text='Lower case.', max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False, help_text="May use the operators' admin, outside districts.", verbose_name='operator')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='District',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=200)),
                ('host', models.CharField(help_text='Host name of its front door, also its mail domain.', max_length=253, unique=True, validators=[districts.validation.host_name])),
                ('time_zone', models.CharField(default='America/New_York', help_text='IANA name.', max_length=64, validators=[districts.validation.time_zone])),
                ('languages', models.JSONField(blank=True, default=list, help_text='Codes its people may choose from, the first is the default.', validators=[districts.validation.languages])),
                ('accent', models.CharField(default='#1f5fae', max_length=7, validators=[districts.validation.colour])),
                ('phone', models.CharField(blank=True, max_length=32)),
                ('crisis_phone', models.CharField(blank=True, max_length=32)),
                ('sms_codes', models.JSONField(blank=True, db_default=['1'], default=districts.models.north_america, help_text='Calling codes of the countries where the form\'s acknowledgement is texted to: ["1"] is North America.', validators=[districts.validation.calling_codes])),
                ('hours', models.JSONField(blank=True, default=list, help_text='Open hours by season, the last that fits wins: [{"from": "", "to": "", "days": [0,1,2,3,4], "windows": [["07:30", "16:30"]]}]; days count from Monday 0.', validators=[districts.validation.hours])),
                ('first_day', models.DateField(blank=True, help_text='First school day of the year.', null=True)),
                ('last_day', models.DateField(blank=True, null=True)),
                ('school_release', models.JSONField(blank=True, default=dict, help_text='End of the school day by weekday 0-6, local: {"0": "15:20"}', validators=[districts.validation.school_release])),
                ('state', models.CharField(blank=True, db_default='', default='', help_text='State or territory of the United States whose holidays are offered, by its two letters (ISO 3166-2:US): CA.', max_length=2)),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('slug', models.SlugField(db_index=False)),
                ('name', models.CharField(max_length=200)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'slug'), name='department_slug_once')],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('code', models.CharField(max_length=16)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(blank=True, max_length=32)),
                ('is_school', models.BooleanField(default=True)),
                ('aliases', models.JSONField(default=list)),
                ('address', models.CharField(blank=True, max_length=300)),
                ('phone', models.CharField(blank=True, max_length=32)),
                ('rooms', models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Rooms that have a sticker, in order: ["101", "Gym"].')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'code'), name='site_code_once')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(max_length=12)),
                ('digest', models.CharField(help_text='SHA-256 of the key, hex.', max_length=64)),
                ('role', models.CharField(choices=[('agent', 'Agent'), ('lead', 'Team lead'), ('leader', 'Leader'), ('admin', 'Administrator')], default='agent', max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'prefix'), name='api_key_prefix_once')],
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('slug', models.SlugField(db_index=False)),
                ('name', models.CharField(max_length=200)),
                ('department', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.department')),
                ('description', models.TextField(blank=True)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('is_front_office', models.BooleanField(default=False, help_text='Takes what triage is not sure of. One a district.')),
                ('is_safety', models.BooleanField(default=False, help_text='Crisis words go here at once.')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'slug'), name='team_slug_once'), models.UniqueConstraint(condition=models.Q(('is_front_office', True)), fields=('district',), name='team_one_front_office')],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('kind', models.CharField(default='public', help_text='parent, student, staff, public, vendor …', max_length=16)),
                ('language', models.CharField(default='en', max_length=8)),
                ('account_ref', models.UUIDField(blank=True, null=True)),
                ('roster_id', models.CharField(blank=True, db_default='', default='', help_text='Their id in the student or staff information system; empty: not on a roster.', max_length=64)),
                ('merged_into', models.ForeignKey(blank=True, db_index=False, help_text='The one person they turned out to be.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.site')),
                ('away_until', models.DateField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['district', 'merged_into'], name='person_merged')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('account_ref__isnull', False)), fields=('district', 'account_ref'), name='person_account_once'), models.UniqueConstraint(condition=models.Q(('roster_id', ''), _negated=True), fields=('district', 'roster_id'), name='person_roster_once')],
            },
        ),
        migrations.CreateModel(
            name='CalendarDay',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('date', models.DateField()),
                ('kind', models.CharField(choices=[('school', 'School day'), ('early', 'Early release'), ('staff', 'Staff day, no students'), ('break', 'Break'), ('holiday', 'Holiday'), ('closure', 'Closed at short notice')], max_length=8)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.site')),
                ('windows', models.JSONField(blank=True, help_text='Open hours of this date: [["07:30", "12:00"]]; empty: by its kind.', null=True)),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, help_text="A closure of the whole district beats a site's day that was entered before it.")),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'date', 'site'), name='calendar_day_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('slug', models.SlugField(db_index=False, max_length=80)),
                ('name', models.CharField(max_length=200)),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.team')),
                ('audience', models.JSONField(default=list, help_text='Kinds of people: parent, student, staff, public, vendor …')),
                ('description', models.TextField(blank=True)),
                ('example_phrases', models.JSONField(default=list)),
                ('priority', models.SmallIntegerField(choices=[(1, 'Urgent'), (2, 'High'), (3, 'Normal'), (4, 'Low')], default=3)),
                ('sensitive', models.BooleanField(default=False, help_text='Visible to its team and named people only; reads are recorded.')),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'team'], name='service_team')],
                'constraints': [models.UniqueConstraint(fields=('district', 'slug'), name='service_slug_once')],
            },
        ),
        migrations.CreateModel(
            name='ContactPoint',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='contact_points', to='districts.person')),
                ('kind', models.CharField(choices=[('email', 'Email'), ('phone', 'Phone')], max_length=8)),
                ('value', models.CharField(help_text='Normalised: lower-case address, or E.164 number. Matched by equality.', max_length=254)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'person'], name='contact_point_person')],
                'constraints': [models.UniqueConstraint(fields=('district', 'kind', 'value'), name='contact_point_once')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='districts.person')),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='districts.team')),
                ('role', models.CharField(choices=[('agent', 'Agent'), ('lead', 'Team lead'), ('leader', 'Leader'), ('admin', 'Administrator')], max_length=8)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['district', 'team'], name='membership_team')],
                'constraints': [models.UniqueConstraint(fields=('district', 'person', 'team', 'role'), name='membership_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='CalendarChange',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('number', models.PositiveIntegerField(help_text="Counts the district's changes, in the order in which they were committed.")),
                ('kind', models.CharField(choices=[('entered', 'Days entered'), ('removed', 'Days removed'), ('closed', 'Short notice'), ('imported', 'Calendar file read'), ('holidays', 'Holidays entered'), ('hours', 'Weekly hours'), ('undone', 'Undone')], max_length=10)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('before', models.JSONField(default=list, help_text='Rows of the touched dates, or settings of the district, as they were.')),
                ('after', models.JSONField(default=list)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'number'), name='calendar_change_number_once')],
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.UUIDField(default=districts.accounts.uuid7, editable=False, primary_key=True, serialize=False)),
                ('district', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                ('token', models.CharField(default=districts.models.new_token, max_length=32)),
                ('name', models.CharField(blank=True, help_text="Who reads there: the schools' web site.", max_length=100)),
                ('site', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.site')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.person')),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('district', 'token'), name='calendar_feed_token_once')],
            },
        ),
    ]
