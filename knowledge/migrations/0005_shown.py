"""Of each article that is published, the last version is the one that is shown."""

from django.db import migrations

SHOWN = """
UPDATE knowledge_articleversion v SET state = 'published' FROM knowledge_article a
WHERE a.district_id = v.district_id AND a.id = v.article_id AND a.published_at IS NOT NULL AND v.number = (
  SELECT max(o.number) FROM knowledge_articleversion o WHERE o.district_id = a.district_id AND o.article_id = a.id);
UPDATE knowledge_article a SET shown = v.number FROM knowledge_articleversion v
WHERE a.district_id = v.district_id AND a.id = v.article_id AND v.state = 'published';
"""


class Migration(migrations.Migration):

    dependencies = [("knowledge", "0004_keeping")]

    operations = [migrations.RunSQL(SHOWN, migrations.RunSQL.noop)]
