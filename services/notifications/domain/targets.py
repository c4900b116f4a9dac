"""Where webhooks may go: which addresses of the network, and which URLs. Partners choose the URL, so it is hostile input."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from services.notifications.domain.refusals import UrlRefused

_NAT64 = IPv6Network("64:ff9b::/96")
# Tunnels whose far end nobody can check: 6to4, its relay anycast, and Teredo.
_TUNNELS: tuple[IPv4Network | IPv6Network, ...] = (IPv6Network("2002::/16"), IPv6Network("2001::/32"), IPv4Network("192.88.99.0/24"))
_LOWEST_FREE_PORT = 1024
_WEB_PORTS = (80, 443)


@dataclass(frozen=True, slots=True)
class TargetRules:
    """What the operator allows beyond public HTTPS: private addresses (one machine, tests), and HTTP without TLS."""

    allow_private: bool = False
    allow_http: bool = False


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet: not private, loopback, link-local, multicast or reserved in any disguise."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if any(address in network for network in _TUNNELS if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def may_dial(address: str, rules: TargetRules) -> bool:
    """Whether a connection may be opened to `address`, the numeric form that the system is about to dial."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return rules.allow_private or is_public(parsed)


def check_url(url: str, rules: TargetRules) -> str:
    """The URL if webhooks may go there, as far as its text tells; its addresses are checked again at every dial. Raises UrlRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError as error:
        raise UrlRefused(why="it is not a URL") from error
    why = _fault(url, parts, port, rules)
    if why:
        raise UrlRefused(why=why)
    return url


def _fault(url: str, parts: SplitResult, port: int, rules: TargetRules) -> str | None:
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "it must be an https:// URL with a host"
    if parts.scheme == "http" and not rules.allow_http:
        return "it must use https"
    if not url.isascii() or any(char.isspace() or ord(char) < 32 for char in url) or len(url) > 2000:
        return "it must be plain ASCII without spaces, at most 2000 characters"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "it must not hold a user name, a password or a fragment"
    if port not in _WEB_PORTS and port < _LOWEST_FREE_PORT:
        return f"port {port} belongs to another service; use 443, 80, or one from {_LOWEST_FREE_PORT} on"
    return _host_fault(parts.hostname, rules)


def _host_fault(host: str, rules: TargetRules) -> str | None:
    if rules.allow_private:
        return None
    try:
        address = ip_address(host)
    except ValueError:
        name = host.rstrip(".")
        # Names such as "127.1" or "0x7f000001" are addresses to some resolvers; no public top-level domain is numeric.
        numeric = name.rpartition(".")[2].removeprefix("0x").isdigit()
        internal = "." not in name or name.endswith((".localhost", ".local", ".internal"))
        return "its host is not a public name" if numeric or internal else None
    return None if is_public(address) else "its host is not on the public internet"
