"""Does another district send texts from this number? Yes or no, past row-level security: it is on the list of
`manage.py check_isolation`, and tells neither which district nor anything else of it."""

from django.db import migrations

ELSEWHERE = """
CREATE FUNCTION delivery_texts_elsewhere(wanted text, here uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
SELECT EXISTS (SELECT FROM public.delivery_line r WHERE r.number = wanted AND r.texts AND r.district_id <> here) $$"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0005_calls")]
    operations = [migrations.RunSQL(ELSEWHERE, "DROP FUNCTION delivery_texts_elsewhere(text, uuid)")]
