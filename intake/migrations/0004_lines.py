"""The tokens of telephone numbers move to their lines, and are sealed there.

A number whose token is that of whoever runs the product (TWILIO_AUTH_TOKEN) is of that account, and keeps no copy. Of any other the
account's SID is not known: the next signed call names it (intake.phone.numbers.learn), and texts leave from the number from then on.
The column stays until a later release, empty, with a default: processes of the release before may still name it.
"""

from typing import Any

from django.conf import settings
from django.db import migrations

from districts.sealing import seal

HOUSE = {"account": "house"}


def _token(channels: list[Any]) -> str:
    """Of all doors of one number; empty: of the account of whoever runs the product, or of none."""
    own = [door.secret for door in channels if door.secret and door.secret != settings.TWILIO_AUTH_TOKEN]
    return str(own[0]) if own and not any(door.options.get("account") == "house" for door in channels) else ""


def move(apps: Any, schema_editor: Any) -> None:
    Channel, Line = apps.get_model("intake", "Channel"), apps.get_model("delivery", "Line")
    here = schema_editor.connection.alias
    numbers: dict[tuple[Any, str], list[Any]] = {}
    for door in Channel.objects.using(here).filter(kind__in=("sms", "phone")).exclude(address=""):
        numbers.setdefault((door.district_id, door.address[:20]), []).append(door)
    for (district_id, number), doors in numbers.items():
        token = _token(doors)
        if not token and not any(door.secret or door.options.get("account") == "house" for door in doors):
            continue  # refused everything so far, and goes on to
        texts = not token and any(door.kind == "sms" and door.active for door in doors)
        sealed = seal({"token": token}, district_id=district_id)
        Line.objects.using(here).create(district_id=district_id, number=number, secret=sealed, texts=texts)
    Channel.objects.using(here).exclude(secret="").update(secret="")


class Migration(migrations.Migration):
    dependencies = [("delivery", "0004_lines"), ("intake", "0003_mailbox_consent")]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
