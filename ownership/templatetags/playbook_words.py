"""What a step of a run waits for."""

from django import template

from ownership.models import RunStep
from ownership.playbooks.reading import RunView

register = template.Library()


@register.simple_tag
def waits_for(view: RunView, step: RunStep) -> str:
    """ "1, 4": the numbers of the steps that are to be done before it."""
    return ", ".join(str(order) for order in view.waits_for(step))
