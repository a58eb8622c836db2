"""What the district knows, what was shown to whom, and what nobody has written yet."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone

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
