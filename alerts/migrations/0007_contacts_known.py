"""Each bad address gets its school; letters are looked through in every district from now on. After the columns: a row that was just
changed cannot be altered in the same transaction."""

from django.db import migrations

SCHOOLS = (
    "UPDATE alerts_badcontact b SET site_id = p.site_id FROM districts_person p"
    " WHERE p.id = b.person_id AND p.district_id = b.district_id AND p.site_id IS NOT NULL"
)
FROM_NOW = "UPDATE alerts_alertpolicy SET check_at = now()"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0006_contacts")]
    operations = [migrations.RunSQL([SCHOOLS, FROM_NOW], migrations.RunSQL.noop)]
