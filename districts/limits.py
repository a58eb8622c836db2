"""How often something may happen, counted over all processes (see `config.caching`)."""

import hashlib
import ipaddress
import time

import phonenumbers
from allauth.core.internal.httpkit import get_client_ip
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from districts.models import District

HOME = 64  # bits of an IPv6 address that one household or office has


def within(name: str, key: str, *, most: int, seconds: int) -> bool:
    """Count one more of `key` in this stretch of `seconds`; False once there were more than `most`."""
    slot = f"limit:{name}:{int(time.time()) // seconds}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    cache.add(slot, 0, seconds)
    try:
        return int(cache.incr(slot)) <= most
    except ValueError:  # gone in between: the next one begins anew
        return True


def texts_to(district: District, number: str) -> bool:
    """Whether the district texts to the country of an E.164 number when nobody of its staff asked for it."""
    return str(phonenumbers.parse(number).country_code) in district.sms_codes


def remote_of(request: HttpRequest) -> str:
    """The visitor's address as our proxies tell it, of IPv6 the network; whatever stands there, a request is not refused for it."""
    given = str(request.META.get("REMOTE_ADDR", ""))
    try:
        address = ipaddress.ip_address(get_client_ip(request) or given)
    except (ImproperlyConfigured, ValueError):
        return given
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:  # as a socket for both tells of who came by IPv4: "::ffff:203.0.113.5"
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, HOME), strict=False).network_address)
    return str(address)
