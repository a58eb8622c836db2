"""What goes over the wire. Text is text: a number or a list in its place is refused, not read as if it were one."""

import re
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from districts.fields import KEY, WORDS, Text
from districts.models import District, Service, Site
from intake.api.files import unpacked
from intake.wording import MAX_TEXT
from tickets.files import link_to
from tickets.letters import tracking_link
from tickets.models import Attachment, Message, Ticket

MOST_FILES = 10
MOST_ANSWERS, LONGEST_ANSWER = 60, 1000
QUESTION = r"[-A-Za-z0-9_]{1,60}"

MAX_KEY = 200


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": WORDS})
class Words(Text):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not re.search(WORDS, text):
            self.fail("blank")
        return text


@extend_schema_field({"type": "string", "format": "contact", "minLength": 1, "maxLength": 300})
class ContactField(Text):
    pass


class Named(serializers.Field[Any, str, Any, Any]):
    """Text that names something of this district's."""

    default_error_messages = {"invalid": "Not a valid string.", "unknown": "This district has none of that name."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        name = data.strip()
        found = self.look_up(name) if name and "\0" not in name and is_whole(name) else None
        if found is None:
            self.fail("unknown")
        return found

    def look_up(self, name: str) -> Any:
        raise NotImplementedError


@extend_schema_field({"type": "string", "format": "service-slug", "minLength": 1, "maxLength": 80})
class ServiceField(Named):
    def look_up(self, name: str) -> Any:
        return Service.objects.filter(slug=name, active=True).first()


@extend_schema_field({"type": "string", "format": "site-code", "minLength": 1, "maxLength": 16})
class SiteField(Named):
    def look_up(self, name: str) -> Any:
        return Site.objects.filter(code=name).first()


@extend_schema_field({"type": "string", "format": "file-handle", "minLength": 1, "maxLength": 2000})
class FileField(Named):
    """As `POST /api/v1/files` gave it."""

    default_error_messages = {"unknown": "This is no file of yours, or it is older than a day: send it again."}

    def look_up(self, name: str) -> Any:
        return unpacked(name)


def is_whole(text: str) -> bool:
    """No halves of characters, which no database takes."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@extend_schema_field(
    {
        "type": "object", "additionalProperties": {"type": "string", "maxLength": LONGEST_ANSWER}, "maxProperties": MOST_ANSWERS,
        "propertyNames": {"pattern": f"^{QUESTION}$"},
        "description": "By key: to the questions of the service's form; others are kept under their own names.",
    }
)  # fmt: skip
class Answers(serializers.DictField):
    default_error_messages = {"key": "At most 60 letters of ASCII, digits, hyphens and underscores.", "many": "At most 60 answers."}

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if len(found) > MOST_ANSWERS:
            self.fail("many")
        if not all(re.fullmatch(QUESTION, key) for key in found):
            self.fail("key")
        return found


class NewTicket(serializers.Serializer[Any]):
    """What somebody needs, and how they are answered."""

    text = Words(max_length=MAX_TEXT, help_text="In their own words.")
    contact = ContactField(max_length=300, help_text="An email address or a phone number (without a country: North American).")
    name = Text(max_length=200, required=False, default="", allow_blank=True)
    language = Text(max_length=8, required=False, default="", allow_blank=True, help_text="Of the district's; else the person's own.")
    service = ServiceField(required=False, allow_null=True, default=None, help_text="Slug of a service.")
    site = SiteField(required=False, allow_null=True, default=None, help_text="Code of a school or building.")
    asked_by = Text(
        max_length=254, required=False, default="", allow_blank=True,
        help_text="Email of who works here and asks for whoever `contact` is; only with a key of leaders or administrators.",
    )  # fmt: skip
    room = Text(max_length=40, required=False, default="", allow_blank=True)
    asset_tag = Text(max_length=40, required=False, default="", allow_blank=True)
    answers = Answers(child=Text(max_length=LONGEST_ANSWER, allow_blank=True), required=False, default=dict)
    files = serializers.ListField(
        child=FileField(), required=False, default=list, max_length=MOST_FILES, help_text="Handles of stored files."
    )


class NewMessage(serializers.Serializer[Any]):
    """One more entry of the conversation."""

    FROM = (
        ("requester", "What the requester says, as if they had written it."),
        ("team", "An answer of the team that has it: the requester gets it by their own channel."),
        ("note", "An internal note, which never leaves the house."),
    )
    text = Words(max_length=MAX_TEXT)
    author = serializers.ChoiceField(choices=FROM, required=False, default="requester")
    files = serializers.ListField(
        child=FileField(), required=False, default=list, max_length=MOST_FILES, help_text="Handles of stored files."
    )


class TicketView(serializers.Serializer[Any]):
    """A ticket as machines read it; times carry their offset."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Ticket.Status.choices)
    subject = serializers.CharField()
    channel = serializers.CharField()
    language = serializers.CharField()
    team = serializers.CharField(source="team.slug", help_text="Slug of the team that has it.")
    service = serializers.CharField(source="service.slug", allow_null=True)
    site = serializers.CharField(source="site.code", allow_null=True)
    opened_at = serializers.DateTimeField()
    placed_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="The next promise.")
    resolved_at = serializers.DateTimeField(allow_null=True)
    tracking_url = serializers.SerializerMethodField(help_text="Opens the requester's page: for them alone.")
    url = serializers.SerializerMethodField()

    def get_tracking_url(self, ticket: Ticket) -> str:
        return tracking_link(ticket, cast(District, self.context["district"]))

    def get_url(self, ticket: Ticket) -> str:
        return f"/api/v1/tickets/{ticket.id}"


class TicketPage(serializers.Serializer[Any]):
    results = TicketView(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page; null: this is the last.")


class Listing(serializers.Serializer[Any]):
    """What a list is asked for by."""

    since = serializers.DateTimeField(required=False)
    before = serializers.UUIDField(required=False)
    idempotency_key = serializers.RegexField(KEY, required=False, max_length=MAX_KEY, trim_whitespace=False)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=100)


class Following(serializers.Serializer[Any]):
    after = serializers.UUIDField(required=False)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=100)


class FileView(serializers.Serializer[Any]):
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="Told by the bytes, not by the sender.")
    size = serializers.IntegerField(help_text="Bytes.")
    url = serializers.SerializerMethodField(help_text="Good for some minutes, without a key.")

    def get_url(self, attachment: Attachment) -> str:
        return link_to(attachment)


class MessageView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    author = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField(help_text="Of who wrote it; empty where it is not known.")
    channel = serializers.CharField()
    text = serializers.CharField()
    language = serializers.CharField()
    at = serializers.DateTimeField()
    files = FileView(many=True, source="attachments.all")

    @extend_schema_field({"type": "string", "enum": [name for name, _what in NewMessage.FROM]})
    def get_author(self, message: Message) -> str:
        return {"request": "requester", "reply": "team"}.get(message.kind, "note")

    def get_name(self, message: Message) -> str:
        return message.author.name if message.author else ""


class MessagePage(serializers.Serializer[Any]):
    results = MessageView(many=True, help_text="The oldest first.")
    next = serializers.CharField(allow_null=True, help_text="Address of what was written after these; null: nothing was.")


class NewFileForm(serializers.Serializer[Any]):
    file = serializers.FileField()


class StoredFile(serializers.Serializer[Any]):
    """Name it in `files` within a day; else it goes."""

    file = serializers.CharField(help_text="Its handle, for `files` of a ticket or message.")
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="Told by the bytes, not by the sender.")
    size = serializers.IntegerField(help_text="Bytes, as it is stored: pictures are written anew.")
    expires_at = serializers.DateTimeField()


class Waiting(serializers.Serializer[Any]):
    """Kept, and not yet a ticket: send the same request again to learn its number."""

    envelope = serializers.UUIDField()
