"""Where a webhook may go: no address of our own machine, our own network, or what is reached through it. Pure.

Owns the judgement of one address, after its name was resolved; the gateway then connects to that very address. Refused is whatever is
not public, and every form that hides an IPv4 address inside an IPv6 one: a gateway on the way might unpack it.
Sources: the IANA special-purpose registries (RFC 6890 and its successors), RFC 6052 and RFC 8215 (NAT64), OWASP on SSRF.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # metadata of a cloud, at an address that looks public
        "::/96",  # unspecified, loopback, and IPv4 in its oldest disguise
        "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


def parsed(text: str) -> Address | None:
    """An address as the system's resolver gives it; None when it is none. A zone (`%eth0`) makes it one of our own network: None."""
    try:
        return ipaddress.ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def allowed(text: str, *, loopback: bool) -> bool:
    """Whether a webhook may be sent there. `loopback` (development) lets 127.0.0.1 and ::1 through, and nothing else of ours."""
    address = parsed(text)
    if address is None:
        return False
    if loopback and text in ("127.0.0.1", "::1"):
        return True
    return address.is_global and not any(address in network for network in _REFUSED if network.version == address.version)
