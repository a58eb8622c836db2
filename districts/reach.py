"""Which addresses are out there: hosts that a message or an administrator names must not lead into our own network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits, reached through a translator
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
COMPATIBLE = IPv6Network("::/96")  # RFC 4291 2.5.5.1: given up, and some systems still go to the IPv4 address in it
SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056


def is_public(address: str) -> bool:
    """False for this machine, private networks, a cloud's own services, and for every other way of writing one of them."""
    try:
        found = ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found in COMPATIBLE or found in NAT64_LOCAL or found in SIX_TO_FOUR:
            return False
        inner = found.ipv4_mapped or (IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else None)
        if inner is not None:
            return inner.is_global
    return found.is_global and not found.is_multicast
