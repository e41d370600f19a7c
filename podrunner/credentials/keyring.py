"""The keys, certificates and the token of one state directory: kept there, and made or renewed where they don't do.

Whether they do is found out by shaking hands with ourselves as a client would, so that whatever is wrong with them (one
is missing, damaged, of another authority, over, or not valid yet) mends itself at the next start.
"""

import logging
import secrets
import ssl
import typing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from podrunner import errors, files
from podrunner.credentials import names

if typing.TYPE_CHECKING:
    from podrunner.credentials import certificates

RENEW_BEFORE = timedelta(days=30)
"""How long before its end the server's certificate is replaced."""

_TOKEN_BYTES = 32

log = logging.getLogger(__name__)


class Keyring(NamedTuple):
    """The files, all for their owner only."""

    directory: Path

    @property
    def authority(self) -> Path:
        """The certificate of the authority, which clients have to trust."""
        return self.directory / "ca.crt"

    @property
    def authority_key(self) -> Path:
        return self.directory / "ca.key"

    @property
    def certificate(self) -> Path:
        """The server's."""
        return self.directory / "server.crt"

    @property
    def key(self) -> Path:
        return self.directory / "server.key"

    @property
    def token(self) -> Path:
        """What a client shows that has no certificate."""
        return self.directory / "token"


class Opened(NamedTuple):
    """What a server needs to be known and to know its clients; `authority` is PEM."""

    context: ssl.SSLContext
    authority: str
    token: str


def open_for_server(ring: Keyring, now: datetime) -> Opened:
    """Makes or renews what has to be. Takes milliseconds if nothing has. Raises errors.ServerError."""
    try:
        files.private_directory(ring.directory)
        ring.directory.chmod(0o700)
        return Opened(_working_context(ring, now), ring.authority.read_text(), _token(ring))
    except (OSError, ValueError) as error:
        raise errors.ServerError(f"cannot make certificates in {ring.directory}: {error}") from error


def client_certificate(ring: Keyring, name: str, groups: Sequence[str], now: datetime) -> "certificates.Pair":
    """A new certificate for a user, signed by the authority of a server that has started. Raises errors.ServerError."""
    from podrunner.credentials import certificates

    try:
        return certificates.client(_authority(ring), name, groups, now)
    except (OSError, ValueError) as error:
        raise errors.ServerError(f"cannot make a certificate from what is in {ring.directory}: {error}") from error


def _working_context(ring: Keyring, now: datetime) -> ssl.SSLContext:
    if ring.authority.exists():
        try:
            return _proven_context(ring, now)
        except (OSError, ValueError) as error:
            log.info("the server needs a new certificate: %s", error)
        try:
            _renew_certificate(ring, now)
            return _proven_context(ring, now)
        except (OSError, ValueError) as error:
            log.info("that takes a new authority, too: %s", error)
    log.info("making a certificate authority: clients have to be given %s", ring.authority)
    _renew_all(ring, now)
    return _proven_context(ring, now)


def _renew_certificate(ring: Keyring, now: datetime) -> None:
    """A new one of the same authority, whose own is prolonged first if it would end before."""
    from podrunner.credentials import certificates

    authority = _authority(ring)
    if not certificates.outlives(authority.certificate, now + certificates.LIFETIME):
        authority = certificates.authority(now, authority.key)
        files.write_whole(ring.authority, authority.certificate)
    _keep_certificate(ring, certificates.server(authority, now))


def _renew_all(ring: Keyring, now: datetime) -> None:
    """A new authority: every client needs its certificate before it trusts this server again."""
    from podrunner.credentials import certificates

    authority = certificates.authority(now)
    files.write_whole(ring.authority_key, authority.key)
    files.write_whole(ring.authority, authority.certificate)
    _keep_certificate(ring, certificates.server(authority, now))


def _keep_certificate(ring: Keyring, made: "certificates.Pair") -> None:
    files.write_whole(ring.key, made.key)
    files.write_whole(ring.certificate, made.certificate)


def _authority(ring: Keyring) -> "certificates.Pair":
    from podrunner.credentials import certificates

    return certificates.Pair(ring.authority.read_bytes(), ring.authority_key.read_bytes())


def _proven_context(ring: Keyring, now: datetime) -> ssl.SSLContext:
    """Raises OSError or ValueError if clients could not use it, or not for much longer."""
    context = _context(ring)
    end = _end_as_a_client_sees_it(context, ring.authority)
    if end - now < RENEW_BEFORE:
        raise ValueError(f"it ends on {end:%Y-%m-%d}")
    return context


def _context(ring: Keyring) -> ssl.SSLContext:
    """TLS 1.2 or newer. A client may show a certificate; one that our authority did not sign ends the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(ring.certificate, ring.key)
    context.load_verify_locations(ring.authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def _end_as_a_client_sees_it(context: ssl.SSLContext, authority: Path) -> datetime:
    """Until when the server's certificate is valid, by a handshake in memory. Raises ssl.SSLError if it is not."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context(cafile=str(authority))
    client = trusting.wrap_bio(to_client, to_server, server_hostname=names.HOST)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    while not all([_shaken(client), _shaken(server)]):
        pass
    certificate = client.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _shaken(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _token(ring: Keyring) -> str:
    try:
        if kept := ring.token.read_text().strip():
            return kept
    except FileNotFoundError:
        pass
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    files.write_whole(ring.token, f"{token}\n".encode())
    return token
