"""Calls to addresses that others named: never into the network that we stand in ourselves, unless the operator allows it.

A name is looked up once, every address behind it is judged, and one of just these is connected to: a name that answers
otherwise a moment later leads nowhere.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal, Protocol
from urllib.parse import SplitResult, urlsplit

from yinuo.kit.outbound import SECONDS, Reply, Unreachable, reason_of
from yinuo.kit.refusals import Malformed

Reach = Literal["public", "loopback", "private"]
"""Where calls may go: to the internet only, also to this machine, also to private networks."""
REACHES = ("public", "loopback", "private")
URL_LENGTH_MAX = 500
_TRIED_MAX = 2      # of several addresses behind a name
_HOLDS_IPV4 = (ip_network("64:ff9b::/96"), ip_network("2002::/16"), ip_network("2001::/32"), ip_network("::/96"))
_METADATA = frozenset({ip_address("fd00:ec2::254"), ip_address("169.254.169.254"), ip_address("100.100.100.200")})
Address = IPv4Address | IPv6Address


class Post(Protocol):
    """Posts to an address that somebody named and returns the answer; refuses with Unreachable."""

    def __call__(self, url: str, *, body: bytes, headers: Mapping[str, str], bytes_max: int) -> Reply: ...


def check_url(url: str, *, reach: Reach) -> str:
    """The address, if its form will do and what it names outright may be called; names are judged when they are called."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        fits = (
            len(url) <= URL_LENGTH_MAX and url.isascii() and url.isprintable() and " " not in url and bool(host)
            and parts.username is None and not parts.fragment and parts.port != 0
        )
    except ValueError:
        fits = False
    if not fits:
        raise Malformed(f"An address is https://HOST/PATH, in ASCII, at most {URL_LENGTH_MAX} characters.", path="url")
    address = _literal(host)
    near = host == "localhost" or (address is not None and may_reach(address, reach) and not address.is_global)
    if parts.scheme != "https" and not (parts.scheme == "http" and near and reach != "public"):
        raise Malformed(
            "The address begins with https://; http:// is for this machine only, where YINUO_WEBHOOK_REACH allows it.",
            path="url",
        )
    if (address is not None and not may_reach(address, reach)) or (host == "localhost" and reach == "public"):
        raise Malformed(_REFUSED.format(host=host), path="url")
    return url


_REFUSED = "{host} is not on the internet. Private and local addresses are called only where YINUO_WEBHOOK_REACH allows it."


def may_reach(address: Address, reach: Reach) -> bool:
    """Whether an address may be called. Link-local ones, where clouds keep their machines' keys, never are."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return reach != "public"
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if isinstance(address, IPv6Address) and (address.is_site_local or any(address in network for network in _HOLDS_IPV4)):
        return False        # private under a name of old, or an IPv4 address in disguise
    if address.is_global:
        return not address.is_reserved
    return reach == "private" and address.is_private and not address.is_reserved


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], bytes_max: int, reach: Reach, seconds: float = SECONDS
) -> Reply:
    """POST the body; the answer's first bytes are read, and the rest of it is left. No redirection is followed.

    Once connected, it takes at most the seconds, however slowly the other side drips.
    """
    check_url(url, reach=reach)
    parts = urlsplit(url)
    out_of_time = threading.Event()
    try:
        with closing(_connected(parts, reach, seconds)) as link:
            watch = threading.Timer(seconds, _cut, [link, out_of_time])
            watch.start()
            try:
                reply = _call(link, parts, body, headers, bytes_max)
            finally:
                watch.cancel()
    except (OSError, HTTPException, ValueError) as error:
        reason = "it took too long" if out_of_time.is_set() else reason_of(error)
        raise Unreachable(f"It gave no usable answer: {reason}.") from None
    if out_of_time.is_set():
        raise Unreachable("It gave no usable answer: it took too long.")
    return reply


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _connected(parts: SplitResult, reach: Reach, seconds: float) -> socket.socket:
    """A connection to one of the addresses that were judged; nothing is looked up a second time."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
    if not all(may_reach(address, reach) for address in addresses):
        raise Unreachable(_REFUSED.format(host=host))
    if parts.scheme == "http" and any(address.is_global for address in addresses):
        raise Unreachable(f"{host} is on the internet, where only https:// is called.")
    trouble: OSError | None = None
    for family, kind, protocol, _, place in found[:_TRIED_MAX]:
        link = socket.socket(family, kind, protocol)
        try:
            link.settimeout(seconds)
            link.connect(place)
            if parts.scheme == "https":
                return _trusting().wrap_socket(link, server_hostname=host, do_handshake_on_connect=False)
        except OSError as error:
            link.close()
            trouble = error
        else:
            return link
    raise trouble or OSError("the name has no address")


def _call(link: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str], bytes_max: int) -> Reply:
    connection: HTTPConnection
    if isinstance(link, ssl.SSLSocket):
        link.do_handshake()     # under the watch: it may drip too
        connection = HTTPSConnection(parts.hostname or "", parts.port, context=_trusting())
    else:
        connection = HTTPConnection(parts.hostname or "", parts.port)
    connection.sock = link
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", path, body, dict(headers))
    with connection.getresponse() as response:
        return Reply(response.status, response.headers.get_content_type(), response.read(bytes_max))


@cache
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(link: socket.socket, out_of_time: threading.Event) -> None:
    out_of_time.set()
    with suppress(OSError):
        socket.socket.shutdown(link, socket.SHUT_RDWR)      # below TLS, which another thread is reading
