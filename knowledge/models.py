"""What the district knows, what was shown to whom, and what nobody has written yet."""

from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Team, tenant_fk


class Article(DistrictModel):
    slug = models.SlugField(max_length=120, db_index=False)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=400, blank=True)
    body = models.TextField(help_text="Markdown.")
    language = models.CharField(max_length=8, default="en")
    translation_of = tenant_fk("self", null=True, blank=True)
    audience = models.JSONField(default=list, help_text="Kinds of people who may read it.")
    services = models.JSONField(default=list, help_text="Slugs of the services it helps with.")
    keywords = models.TextField(blank=True)
    team = tenant_fk(Team, null=True, blank=True, help_text="Owner.")
    review_by = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, help_text="Empty: nobody reads it.")
    shown = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the version that is published.")
    updated_at = models.DateTimeField(default=timezone.now)
    english = models.GeneratedField(
        expression=SearchVector("title", "keywords", "body", config="english"), output_field=SearchVectorField(), db_persist=True
    )
    spanish = models.GeneratedField(
        expression=SearchVector("title", "keywords", "body", config="spanish"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="article_slug_once")]
        indexes = [
            GinIndex(fields=["district", "english"], name="article_english"),
            GinIndex(fields=["district", "spanish"], name="article_spanish"),
        ]

    def __str__(self) -> str:
        return self.title

    def is_out_of_date(self, today: date) -> bool:
        """It was to be checked before `today`, on the district's clock: it may be."""
        return self.published_at is not None and self.review_by is not None and self.review_by < today


class ArticleVersion(DistrictModel):
    """What an article said at a time: an answer quotes a version, and can be checked later. Every save is one; words never change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PROPOSED = "proposed", _("Waits for approval")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Replaced by a later one")
        REJECTED = "rejected", _("Sent back")
        WITHDRAWN = "withdrawn", _("Taken from the site")

    OPEN = (State.DRAFT, State.PROPOSED)

    article = tenant_fk(Article, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    rest = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()),
        help_text="What else the article said: see knowledge.keeping.written. Empty: nobody wrote it down.",
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=State, default=State.REPLACED, db_default=State.REPLACED)
    note = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="What was changed, or where it came from.")
    beside = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the published version when this one was begun.")
    made_from = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Ids of the solved tickets whose answers it has.",
    )
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    judged_by = tenant_fk(Person, null=True, blank=True, help_text="Who published it, sent it back or took it from the site.")
    judged_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, default="", db_default="")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "article", "number"], name="article_version_once"),
            models.UniqueConstraint(
                fields=["district", "article"], condition=models.Q(state__in=["draft", "proposed"]), name="article_one_draft"
            ),
        ]


class Reading(DistrictModel):
    """How often an article's page was opened on a day, by what kind of reader and in which language of the page. Nobody's name."""

    article = tenant_fk(Article, on_delete=models.CASCADE)
    day = models.DateField(help_text="On the district's clock.")
    audience = models.CharField(max_length=8, help_text="staff or public.")
    language = models.CharField(max_length=8)
    times = models.PositiveIntegerField(default=1)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "article", "day", "audience", "language"], name="reading_once")]
        indexes = [models.Index(fields=["district", "day"], name="reading_day")]


class Meaning(DistrictModel):
    """The lines of an article as figures, to be compared with those of a question. Made again from the article at any time."""

    article = tenant_fk(Article, on_delete=models.CASCADE)
    of = models.CharField(max_length=64, help_text="SHA-256 of the texts and of the weights they were read with.")
    rows = models.BinaryField(help_text="float16, a row of 384 a text: title, words people use, lines.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "article"], name="meaning_once")]


class Answer(DistrictModel):
    """A passage shown to somebody who asked, and whether it was enough."""

    class Outcome(models.TextChoices):
        SHOWN = "shown"
        SOLVED = "solved"
        NOT_ENOUGH = "not_enough"

    question = models.TextField()
    article = tenant_fk(Article, on_delete=models.CASCADE)
    passage = models.TextField()
    language = models.CharField(max_length=8, default="en")
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.SHOWN)
    ticket_ref = models.UUIDField(null=True, blank=True)
    gathered_at = models.DateTimeField(null=True, blank=True, help_text="It was not enough, and is among the gaps since then.")
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "at"], name="answer_at"),
            models.Index(fields=["district", "article", "at"], name="answer_article"),
            models.Index(
                fields=["district", "at"],
                name="answer_not_gathered",
                condition=models.Q(outcome="not_enough", gathered_at__isnull=True),
            ),
        ]


class GapGroup(DistrictModel):
    """Questions that ask for the same and that no article answers; what is to be written, what was, or why nothing will be."""

    class State(models.TextChoices):
        OPEN = "open", _("Nobody has written it")
        DRAFTED = "drafted", _("An article is being written")
        ANSWERED = "answered", _("An article answers it")
        DISMISSED = "dismissed", _("Not for us")

    language = models.CharField(max_length=8)
    measure = models.CharField(max_length=8, help_text="By what its questions were compared: meaning or words.")
    centre = models.BinaryField(help_text="float32: the sum of its questions' figures.")
    question = models.CharField(max_length=300, help_text="The one in the middle, without what tells who asked.")
    size = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    services = models.JSONField(default=list, help_text="Slugs of the likeliest services, the nearest first.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    article = tenant_fk(Article, null=True, blank=True, on_delete=models.SET_NULL)
    reason = models.CharField(max_length=300, blank=True)
    judged_by = tenant_fk(Person, null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    judged_size = models.PositiveIntegerField(default=0, help_text="How many had asked by then.")

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "state", "-size"], name="gap_group_size"),
            models.Index(fields=["district", "state", "-last_at"], name="gap_group_last"),
        ]


class Gap(DistrictModel):
    """A question the articles did not support an answer to, or to which an article was shown and was not enough.

    The worker takes out what tells who asked and looks for others that ask the same; until then nobody is shown it. One that is
    about something sensitive loses its words.
    """

    question = models.TextField()
    language = models.CharField(max_length=8, default="en")
    best_score = models.FloatField(default=0)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True, help_text="Empty: the worker has not seen it, and it is as it was asked.")
    answer = tenant_fk(Answer, null=True, blank=True, on_delete=models.SET_NULL, help_text="What was shown, and was not enough.")
    group = tenant_fk(GapGroup, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "at"], name="gap_at"),
            models.Index(fields=["district", "at"], name="gap_unread", condition=models.Q(read_at__isnull=True)),
            models.Index(fields=["district", "group", "at"], name="gap_of_group"),
        ]


# --- a model of somebody else's ---------------------------------------------------------------------------------------


class Purpose(models.TextChoices):
    """What a model may be asked for; each is switched on by itself."""

    ANSWERS = "answers", _("Writing answers")
    TRIAGE = "triage", _("Sorting requests")
    TEST = "test", _("Test")


class ModelSettings(DistrictModel):
    """Whether, for what and for how much a month this district asks a model. One row; none is the same as off."""

    on = models.BooleanField(default=False)
    purposes = models.JSONField(default=list, blank=True, help_text="Of `Purpose`, without the test.")
    budget = models.DecimalField(max_digits=9, decimal_places=2, default=20, help_text="US dollars a calendar month.")
    month = models.CharField(max_length=7, blank=True, help_text="On the district's clock, of `charged`: 2026-11.")
    charged = models.DecimalField(
        max_digits=14, decimal_places=6, default=0,
        help_text="US dollars this month: what calls have cost, and the most that those under way may.",
    )  # fmt: skip
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = tenant_fk(Person, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district"], name="model_settings_once")]


class ModelCall(DistrictModel):
    """One question to a model, or one that was not asked and why. Only ever added to."""

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        CACHED = "cached", _("Answered before")
        BUDGET = "refused-budget", _("Not asked: budget used up")
        BREAKER = "breaker", _("Not asked: model is down")
        TIMEOUT = "timeout", _("Too slow")
        ERROR = "error", _("Failed")
        NONSENSE = "nonsense", _("Answer of no use")

    purpose = models.CharField(max_length=16, choices=Purpose)
    outcome = models.CharField(max_length=16, choices=Outcome)
    at = models.DateTimeField(default=timezone.now)
    endpoint = models.CharField(max_length=260, blank=True, help_text="Host and port; never a key.")
    model = models.CharField(max_length=120, blank=True)
    sent = models.JSONField(default=list, help_text="The messages as they left, redacted.")
    returned = models.TextField(blank=True, help_text="As it came, before anything is put back; cut where it is very long.")
    detail = models.CharField(max_length=300, blank=True, help_text="Why it failed.")
    redacted = models.JSONField(default=dict, help_text='How much was taken out: {"PERSON": 2}.')
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0, help_text="US dollars.")
    milliseconds = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    about = models.UUIDField(null=True, blank=True, help_text="The ticket or the answer it was for.")

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "-at"], name="model_call_at"),
            models.Index(fields=["district", "purpose", "-at"], name="model_call_purpose"),
            models.Index(fields=["district", "outcome", "-at"], name="model_call_outcome"),
        ]


class Writing(DistrictModel):
    """An answer that a model is to write from the passages of articles. The row is the queue; who asks has the passage meanwhile."""

    class State(models.TextChoices):
        WAITING = "waiting"
        ASKED = "asked"
        WRITTEN = "written"
        LEFT = "left"  # the passage itself stays

    answer = tenant_fk(Answer, on_delete=models.CASCADE)
    audience = models.CharField(max_length=12, help_text="Of whoever asked: staff or public.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    sentences = models.JSONField(default=list, help_text='[{"text": "…", "slug": "…", "quote": "…"}]; each checked.')
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "answer"], name="writing_once")]
        indexes = [
            models.Index(fields=["district", "asked_at"], name="writing_waits", condition=models.Q(state="waiting")),
        ]
