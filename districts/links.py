"""Addresses that leave the house."""

from django.conf import settings

from districts.models import District


def absolute(district: District, path: str) -> str:
    """`path` on the district's own host, with scheme and port."""
    return f"{settings.PUBLIC_SCHEME}://{district.host}{settings.PUBLIC_PORT}{path}"


def mail_address(district: District, local_part: str) -> str:
    return f"{local_part}@{district.host}"
