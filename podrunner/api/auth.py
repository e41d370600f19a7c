"""Who asks, and whether they may: in front of the API, one application for each listener.

Every request that reaches the API has `user` in its scope's state. Tokens are looked for in the Authorization header
only: a query parameter is none, nor is the WebSocket subprotocol that is meant for web pages, of which none may ask.
"""

import ssl
from collections.abc import Iterator
from secrets import compare_digest
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from podrunner import errors
from podrunner.api import answers, errors as statuses
from podrunner.api.context import User
from podrunner.credentials import names

OPEN = frozenset({"/healthz", "/livez", "/readyz", "/version"})
"""The paths that need no credentials: those of the role system:public-info-viewer that we have."""

_AUTHENTICATED = "system:authenticated"


OWNER: User = {"name": names.OWNER, "groups": (*names.OWNERS_GROUPS, _AUTHENTICATED)}
ANONYMOUS: User = {"name": "system:anonymous", "groups": ("system:unauthenticated",)}


class Trusted:
    """An application whose clients are all the owner: only they can open the Unix socket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _as_user(self._app, OWNER, scope, receive, send)


class Guarded:
    """An application whose clients have to show the token or a certificate, and may not be other sites' pages.

    A connection on which somebody did calls `welcome` of its state.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    def user_of_token(self, token: bytes) -> User | None:
        """Who shows this token; None when it is not ours."""
        return OWNER if compare_digest(token, self._token) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            _check_site(headers)
            user = self._user(scope, headers)
        except errors.ObjectError as error:
            told = statuses.status(error)
            await answers.json(told, status=told["code"])(scope, receive, send)
            return
        if user is not ANONYMOUS:
            scope["state"]["welcome"]()
        await _as_user(self._app, user, scope, receive, send)

    def _user(self, scope: Scope, headers: dict[bytes, bytes]) -> User:
        if user := _certified(scope["state"]["transport"].get_extra_info("ssl_object")):
            return user
        if b"authorization" not in headers and scope["path"] in OPEN:
            return ANONYMOUS
        scheme, _, given = headers.get(b"authorization", b"").strip().partition(b" ")
        if scheme.lower() == b"bearer" and (user := self.user_of_token(given.strip())):
            return user
        raise errors.Unauthorized("Unauthorized")


async def _as_user(app: ASGIApp, user: User, scope: Scope, receive: Receive, send: Send) -> None:
    await app({**scope, "state": {**scope["state"], "user": user}}, receive, send)


def _check_site(headers: dict[bytes, bytes]) -> None:
    """Raises errors.Forbidden for a host that is not ours (DNS rebinding) and for a page of another origin.

    Cross-site forms and WebSockets need no leave of ours to be sent, but a browser names their origin. There are no
    pages of our own, so in practice no page may ask.
    """
    host, origin = headers.get(b"host", b"").decode("latin-1"), headers.get(b"origin")
    if _name(host) not in names.OWN:
        raise errors.Forbidden(f'the host "{host}" is not this server')
    if origin is not None and origin.decode("latin-1").lower() != f"https://{host.lower()}":
        raise errors.Forbidden("requests of web pages are not answered")


def _name(host: str) -> str:
    """The host without a port: a tunnel may have another one."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _certified(tls: ssl.SSLObject | None) -> User | None:
    """Who a client's certificate says it is; the handshake has verified it. CN is the name, each O a group.

    Source: k8s.io/apiserver `pkg/authentication/request/x509/x509.go`, CommonNameUserConversion.
    """
    subject = list(_subject(tls.getpeercert() or {})) if tls else []
    name = next((value for kind, value in subject if kind == "commonName"), "")
    groups = tuple(value for kind, value in subject if kind == "organizationName")
    return {"name": name, "groups": (*groups, _AUTHENTICATED)} if name else None


def _subject(certificate: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for relative_name in certificate.get("subject", ()):
        yield from relative_name
