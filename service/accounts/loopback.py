"""Is it this computer? Where the service listens, and where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_loopback(host: str) -> bool:
    """Whether nothing but this computer reaches an address.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.5", "grader.lan")]
    [True, True, True, False, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def cannot_be_rebound(host: str) -> bool:
    """Whether a `Host` header cannot be the name of a web site whose owner lets it lead to this computer.

    Addresses and names without a dot are no such names.

    >>> [cannot_be_rebound(host) for host in ("127.0.0.1:8000", "[::1]:8000", "localhost", "evil.example:8000", "")]
    [True, True, True, False, False]
    """
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    try:
        ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(".localhost"))
    return True


def is_proxied(scope: Scope) -> bool:
    """Whether another server handed the request on, and says so."""
    headers = Headers(scope=scope)
    return any(name in headers for name in _PROXIED)


def comes_from_here(scope: Scope) -> bool:
    """Whether a program on this computer sent the request, and not for somebody else."""
    client = scope.get("client")
    return client is not None and is_loopback(client[0]) and not is_proxied(scope)
