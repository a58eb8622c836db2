"""`/widget.js`: one script that a school's page loads, with the district's name, colour and words in it.

The same for everybody and without a secret, so it may be kept by caches and read by any site. It is made of static/js/widget.js and
static/css/widget.css, without their comments.
"""

import hashlib
import json
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from districts.brand import INK, accents
from districts.models import District
from intake.chat.door import door

HOUR = 3600
COMMENT = re.compile(r"^\s*//[^\n]*\n|^\s+|^/\*[^\n]*\*/\n| // [^\n]*$", re.MULTILINE)  # whole lines, indents, ends of lines
NOTHING = "/* The chat is not switched on. */\n"


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """Five minutes old at most where the chat is off: it shows soon after it was switched on."""
    entrance = door()
    body = _script(request.district) if entrance.open else NOTHING  # type: ignore[attr-defined]
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    unchanged = request.headers.get("If-None-Match", "") in (tag, f"W/{tag}")
    response = HttpResponse(status=304) if unchanged else HttpResponse(body, content_type="text/javascript; charset=utf-8")
    response["ETag"] = tag
    response["Cache-Control"] = f"public, max-age={HOUR if entrance.open else 300}, stale-while-revalidate={24 * HOUR}"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _script(district: District) -> str:
    light, dark = accents(district.accent)
    told = {
        "name": district.name,
        "words": {code: _words(code, district) for code in district.languages or ["en"]},
        "css": _source("css/widget.css"),
        "light": [light, "#fff"],
        "dark": [dark, INK],
    }
    plain = json.dumps(told, ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
    return _source("js/widget.js").replace('"TOLD"', plain, 1)


def _words(code: str, district: District) -> dict[str, str]:
    with translation.override(code):
        return {
            "short": _("Help"),
            "title": _("Help from %(name)s") % {"name": district.name},
            "close": _("Close"),
            "news": _("There is an answer for you"),
            "elsewhere": _("The chat cannot be shown on this page. Open it in a window of its own."),
        }


@cache
def _source(name: str) -> str:
    return COMMENT.sub("", (Path(settings.ROOT) / "static" / name).read_text())
