"""An article as a form, and the short ones beside it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from districts.editing import KINDS, Lines, OneLine, choices_of, dress
from districts.models import Service
from districts.queries import services as offered
from districts.queries import teams
from knowledge.folder import LONGEST
from knowledge.keeping.queries import originals
from knowledge.keeping.written import MOST_SUMMARY, Content, summary_of, with_services
from knowledge.models import Article
from knowledge.tidy import TooDense, tidy

OTHERS = ("ar", "fa", "fr", "hi", "ko", "pa", "pt", "ru", "uk", "ur", "vi", "zh-hans")  # beside those the product speaks
FARTHEST = 3660  # days from today, to be checked by


def languages() -> list[tuple[str, str]]:
    codes = dict.fromkeys([code for code, _name in settings.LANGUAGES] + list(OTHERS))
    return [(code, get_language_info(code)["name_local"].capitalize()) for code in codes]


class ArticleForm(forms.Form):
    """`shown`: what the article says now; `slugs`: whether its address may still be chosen."""

    title = OneLine(label=gettext_lazy("Title"), max_length=200, help_text=gettext_lazy("As people would ask for it."))
    body = forms.CharField(
        label=gettext_lazy("Text"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 18, "dir": "auto"}),
        help_text=gettext_lazy(
            "Markdown: **bold**, lists with -, [words](https://…). One matter a paragraph, a bold line before it; the amount, the date,"
            " the number of days in the same sentence as what it is for."
        ),
    )  # fmt: skip
    summary = OneLine(
        label=gettext_lazy("Summary"), max_length=MOST_SUMMARY, required=False, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=gettext_lazy("Shown in the list of articles. Left empty: how the text begins."),
    )  # fmt: skip
    audience = forms.MultipleChoiceField(label=gettext_lazy("For whom"), widget=forms.CheckboxSelectMultiple)
    language = forms.ChoiceField(label=gettext_lazy("Written in"))
    translation_of = forms.TypedChoiceField(label=gettext_lazy("Translation of"), required=False, coerce=UUID, empty_value=None)
    team = forms.TypedChoiceField(
        label=gettext_lazy("Owner"), required=False, coerce=UUID, empty_value=None,
        help_text=gettext_lazy("Its lead approves what is changed. Without an owner: administrators."),
    )  # fmt: skip
    review_by = forms.DateField(
        label=gettext_lazy("To be checked by"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("After this day readers are told that it may be out of date."),
    )  # fmt: skip
    services = forms.MultipleChoiceField(label=gettext_lazy("Helps with"), required=False, widget=forms.CheckboxSelectMultiple)
    keywords = Lines(
        label=gettext_lazy("Words people use"), most=200, longest=200, rows=6,
        help_text=gettext_lazy(
            "Questions and words that are not in the text, one a line. Those of the services are added by themselves."
        ),
    )  # fmt: skip
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Below /help/. Left empty: made from the title."),
    )
    note = OneLine(
        label=gettext_lazy("What you changed"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For whoever approves it, and for later."),
    )

    def __init__(self, data: Any = None, *, shown: Content | None = None, article: Article | None = None, today: date) -> None:
        super().__init__(data, initial=_initial(shown, article) if shown else {"language": "en"})
        self.today, self.article = today, article
        self.known = {service.slug: service for service in offered()}
        self._choose(shown)
        if article is not None and article.published_at is not None:
            del self.fields["slug"]
        for field in self.fields.values():
            dress(field)

    def _choose(self, shown: Content | None) -> None:
        """What there is to choose from; what the article has already stays a choice."""
        kinds = dict(KINDS) | {kind: kind for kind in (shown.audience if shown else ()) if kind not in dict(KINDS)}
        self._field("audience").choices = list(kinds.items())
        codes = dict(languages())
        self._field("language").choices = list(
            (codes | {shown.language: codes.get(shown.language, shown.language)} if shown else codes).items()
        )
        rows = originals().exclude(id=self.article.id) if self.article else originals()
        self._field("translation_of").choices = choices_of(rows, none=_("An original"))
        self._field("team").choices = choices_of(teams(), none=_("Nobody yet"))
        self._field("services").choices = list(_by_team(self.known.values(), shown.services if shown else ()))

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        return cast("forms.ChoiceField", field)

    def clean_body(self) -> str:
        try:
            return tidy(str(self.cleaned_data["body"]))
        except TooDense as error:
            raise ValidationError(_("One paragraph is too long, or has hundreds of brackets: set blank lines in between.")) from error

    def clean_review_by(self) -> date | None:
        day: date | None = self.cleaned_data["review_by"]
        if day is not None and abs((day - self.today).days) > FARTHEST:
            raise ValidationError(_("That is more than ten years away."))
        return day

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        others = Article.objects.filter(slug=slug)
        if slug and (others.exclude(id=self.article.id) if self.article else others).exists():
            raise ValidationError(_("Another article has this address."))
        return slug

    def content(self) -> Content:
        """Of a valid form."""
        given = self.cleaned_data
        return Content(
            title=given["title"], body=given["body"], summary=given["summary"] or summary_of(given["body"]), language=given["language"],
            translation_of=given["translation_of"], audience=tuple(given["audience"]), services=tuple(given["services"]),
            keywords=with_services(given["keywords"], [self.known[slug] for slug in given["services"] if slug in self.known]),
            team=given["team"], review_by=given["review_by"],
        )  # fmt: skip


class ReasonForm(forms.Form):
    """Why something is sent back, taken from the site or dismissed."""

    reason = OneLine(label=gettext_lazy("Why?"), max_length=300)


class ReviewForm(forms.Form):
    review_by = forms.DateField()


def _initial(shown: Content, article: Article | None) -> dict[str, Any]:
    return {
        "title": shown.title, "body": shown.body, "summary": shown.summary, "audience": list(shown.audience),
        "language": shown.language,
        "translation_of": str(shown.translation_of or ""), "team": str(shown.team or ""), "review_by": shown.review_by,
        "services": list(shown.services), "keywords": list(shown.keywords), "slug": article.slug if article else "",
    }  # fmt: skip


def _by_team(services: Iterable[Service], chosen: Sequence[str]) -> Iterable[tuple[str, Any]]:
    """Under the team that does it; and what the article names though it is not offered any more."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for service in sorted(services, key=lambda one: (one.team.name, one.name)):
        groups.setdefault(service.team.name, []).append((service.slug, service.name))
    known = {slug for rows in groups.values() for slug, _name in rows}
    if gone := [(slug, slug) for slug in chosen if slug not in known]:
        groups[_("Not offered any more")] = gone
    return groups.items()
