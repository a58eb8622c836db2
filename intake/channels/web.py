"""The form (and the API) as JSON → Arrival. It was checked before it became an envelope."""

import json
from typing import Any
from uuid import UUID

from intake.channels.arrival import Arrival, Unreadable
from intake.contacts import Contact
from intake.wording import cap
from tickets.actions import NewAnswer, NewFile


def read(raw: bytes, channel: str) -> Arrival:
    """Raises Unreadable where it is not a submission of ours. What older ones did not have yet is empty."""
    try:
        form: dict[str, Any] = json.loads(raw)
        return Arrival(
            channel=channel,
            contact=Contact(**form["contact"]),
            name=form["name"],
            text=cap(form["text"]),
            quoted=cap(form.get("shown", "")),
            language=form["language"],
            kept_files=tuple(NewFile(**file) for file in form["files"]),
            site_id=UUID(form["site"]) if form["site"] else None,
            service_id=UUID(form["service"]) if form["service"] else None,
            room=form["room"],
            asset_tag=form["asset_tag"],
            answers=tuple(NewAnswer(**answer) for answer in form.get("answers", ())),
            by_id=UUID(form["by"]) if form.get("by") else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"not a form of ours: {error}") from error
