import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0001_initial'),
        ('tickets', '0004_doors'),
    ]

    operations = [
        migrations.AddField(
            model_name='letter',
            name='message',
            field=models.ForeignKey(blank=True, db_index=False, help_text='The reply it became: what became of that is told by its deliveries.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.message'),
        ),
        migrations.AlterField(
            model_name='happening',
            name='what',
            field=models.CharField(choices=[('declared', 'Declared'), ('joined', 'Reported again'), ('state', 'State'), ('scope', 'Scope'), ('eta', 'Expected time'), ('update', 'Update'), ('level', 'Level begun'), ('told', 'Sent for'), ('climbed', 'Sent for the next in line'), ('nobody', 'Nobody could be found'), ('done', 'Step done'), ('decided', 'Decided'), ('long', 'Backup workflows asked for'), ('paper', 'Paper forms'), ('linked', 'Ticket linked'), ('unlinked', 'Ticket taken out'), ('answered', 'Askers answered'), ('override', 'Closed before everything was proved'), ('command', 'Who leads it'), ('words', 'Its words'), ('plan', 'The plan was changed'), ('again', 'To be proved again')], max_length=12),
        ),
        migrations.AddIndex(
            model_name='happening',
            index=models.Index(fields=['district', '-at'], name='incident_happening_last'),
        ),
    ]
