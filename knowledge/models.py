"""What the district knows, what was shown to whom, and what nobody has written yet."""

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
    published_at = models.DateTimeField(null=True, blank=True)
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


class ArticleVersion(DistrictModel):
    """What an article said at a time: an answer quotes a version, and can be checked later."""

    article = tenant_fk(Article, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "article", "number"], name="article_version_once")]


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
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "at"], name="answer_at")]


class Gap(DistrictModel):
    """A question the articles did not support an answer to."""

    question = models.TextField()
    language = models.CharField(max_length=8, default="en")
    best_score = models.FloatField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "at"], name="gap_at")]


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
