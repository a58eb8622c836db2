"""Sites whose pages may show the chat: origins as `frame-ancestors` takes them (CSP Level 3, 6.4.2)."""

import re

from django.utils.translation import gettext as _

LOCAL = re.compile(r"(?:[a-z0-9-]+\.)*localhost|127\.0\.0\.1")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(rf"(?:(https?)://)?((?:\*\.)?{_LABEL}(?:\.{_LABEL})*)(?::(\d{{1,5}}))?(?:/.*)?")


class NoSite(ValueError):
    """The text is a sentence for the administrator."""


def origin_of(typed: str) -> str:
    """ "WWW.School.example/contact" → "https://www.school.example"; "https://*.school.example" stays. Raises NoSite."""
    found = _ORIGIN.fullmatch(typed.strip().lower())
    host = found[2] if found else ""
    here = bool(LOCAL.fullmatch(host))
    if not found or len(host) > 253 or not (here or "." in host.removeprefix("*.")):
        raise NoSite(_("“%(site)s” is no site. For example: https://www.school.example") % {"site": typed[:80]})
    if found[1] == "http" and not here:
        raise NoSite(_("“%(site)s” begins with http:// — pages that are not encrypted cannot show the chat.") % {"site": typed[:80]})
    if found[3] and not 0 < int(found[3]) < 65_536:
        raise NoSite(_("“%(site)s” has no port that could be.") % {"site": typed[:80]})
    return f"{found[1] or ('http' if here else 'https')}://{host}{':' + found[3] if found[3] else ''}"
