"""Fill in a page's form as a browser does: what it shows, with some fields changed."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.test import Client


def filled(form: forms.Form) -> dict[str, Any]:
    """What a browser would send back unchanged."""
    sent: dict[str, Any] = {"seen": getattr(form, "fingerprint", "")}
    for bound in form:
        value = bound.value()
        if isinstance(bound.field, forms.BooleanField):
            sent |= {bound.name: "on"} if value else {}
        elif value is not None and not bound.field.disabled:
            sent[bound.name] = value
    return sent


def fill(client: Client, path: str, **changes: Any) -> HttpResponse:
    """Open the page, change these fields (None takes one out), send it."""
    page = client.get(path)
    assert page.status_code == 200, path
    sent = filled(page.context["form"]) | changes
    return client.post(path, {name: value for name, value in sent.items() if value is not None})  # type: ignore[return-value]


def errors(response: Any) -> dict[str, list[str]]:
    """What the page complains of, by field."""
    assert response.status_code == 422, response.content.decode()
    return {name: [str(error) for error in found] for name, found in response.context["form"].errors.items()}
