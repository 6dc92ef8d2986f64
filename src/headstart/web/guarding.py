"""What stands before every request: who may ask, from which page, how much, and what a browser does with answers."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import json
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlencode

from headstart.errors import ParameterError
from headstart.web.limits import Limits, Refused

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LOG = logging.getLogger("headstart")
COOKIE = "headstart-token"
_OPEN = ("/health",)
_LINGER = 5.0  # seconds for the rest of a request that is refused already
#: Of every answer: no script, style or address from elsewhere, in no frame, never taken for something else.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cache-control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("::1")
    (True, True, False, True)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def token_for(host: str, given: str | None) -> str | None:
    """The token that visitors need: the one given, a new one where others than this machine reach the address, or none.

    Raises
    ------
    ParameterError
        For a token of under 8 characters, or with others than letters, digits, - and _.
    """
    if given is not None:
        if len(given) < 8 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in given):
            raise ParameterError(
                "Expected a token of 8 letters, digits, - and _ or more, found another.", "Leave it out for a new one."
            )
        return given
    return None if is_loopback(host) else secrets.token_urlsafe(18)


def known_host(header: str, names: Iterable[str]) -> bool:
    """Whether the Host of a request is an address in numbers or one of these names.

    A page elsewhere can give its own name this machine's address (DNS rebinding); it cannot give it another name.

    Examples
    --------
    >>> known_host("127.0.0.1:8000", []), known_host("[::1]:8000", []), known_host("evil.example", ["localhost"])
    (True, True, False)
    >>> known_host("LOCALHOST:8000", ["localhost"]), known_host("", []), known_host("a@127.0.0.1", [])
    (True, False, False)
    """
    host = header.rpartition("]")[0].lstrip("[") if header.startswith("[") else header.partition(":")[0]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.lower() in {name.lower() for name in names}
    return True


class Guard:
    """An ASGI application behind the checks of this file.

    Parameters
    ----------
    app : ASGI application
    host : str
        Where it listens.
    token : str or None
    limits : Limits
    """

    def __init__(self, app: Any, host: str, token: str | None, limits: Limits) -> None:
        self.app, self.token, self.limits = app, token, limits
        own = socket.gethostname()
        self.names = {"localhost", host, own, f"{own.partition('.')[0]}.local"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        begun = False

        async def told(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                added = [(key.encode(), value.encode()) for key, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        try:
            place = self._enter(scope, headers)
            if place is not None:
                await _moved(told, place, str(self.token))
                return
            await self.app(scope, self._counted(receive, headers), told)
        except Refused as error:
            if not begun:
                await refuse(receive, told, error)
        except Exception as error:  # of which a visitor learns the kind alone
            if type(error).__name__ != "ClientDisconnect":
                _LOG.error("A request could not be answered: %s.", type(error).__name__)
            if not begun:
                unexpected = Refused(500, f"headstart met something unexpected: {type(error).__name__}.")
                await refuse(receive, told, unexpected)

    def _enter(self, scope: Scope, headers: dict[str, str]) -> str | None:
        """Where a visitor with the token in the address goes on; None for one who may stay.

        Raises
        ------
        Refused
        """
        host = headers.get("host", "")
        if not known_host(host, self.names):
            raise Refused(403, "Expected this server's own name or address, found another.", "Use its number.")
        if scope["method"] not in ("GET", "HEAD"):
            site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin")
            own = origin is None or origin.partition("://")[2].lower() == host.lower()
            if not own or site not in ("same-origin", "none"):
                raise Refused(403, "Expected a request of this page or of a program, found another page's.")
        if self.token is None or scope["path"] in _OPEN:
            return None
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if scope["method"] == "GET" and self._is_token(asked.pop("token", [""])[0]):
            rest = urlencode(asked, doseq=True)
            return "/" + (f"?{rest}" if rest else "")
        kind, _, said = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(said.strip()):
            return None
        cookies = (one.strip().partition("=") for one in headers.get("cookie", "").split(";"))
        if any(name == COOKIE and self._is_token(value) for name, _, value in cookies):
            return None
        raise Refused(401, "Expected the token of this server.", "Open the address that headstart serve printed.")

    def _is_token(self, said: str) -> bool:
        return hmac.compare_digest(said.encode("utf-8", "replace"), str(self.token).encode())

    def _counted(self, receive: Receive, headers: dict[str, str]) -> Receive:
        """The body of a request, which ends with a refusal where it is too large."""
        most, total = self.limits.body_bytes, 0
        too_large = Refused(413, f"Expected at most {most / 2**20:,.0f} MiB, found more.", "Send less at a time.")
        said = headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            raise too_large

        async def counted() -> MutableMapping[str, Any]:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > most:
                raise too_large
            return message

        return counted


async def refuse(receive: Receive, send: Send, error: Refused) -> None:
    """Send what a refused visitor is told, and read what is still coming: closed before, the answer would be lost."""
    content = json.dumps({"error": str(error)}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    headers += [(b"connection", b"close")]
    headers += [(b"retry-after", b"2")] if error.status == 503 else []
    headers += [(b"www-authenticate", b"Bearer")] if error.status == 401 else []
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while (await receive()).get("more_body"):
                pass
    await send({"type": "http.response.body", "body": b""})


async def _moved(send: Send, place: str, token: str) -> None:
    """Put the token into a cookie, out of the address."""
    cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    headers = [(b"location", place.encode()), (b"set-cookie", cookie.encode())]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
