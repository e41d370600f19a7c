"""The engine behind TLS: a relay to its own socket that, like the engine's, takes each side's end by itself."""

import contextlib
import datetime
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CHUNK_BYTES = 1 << 16


@contextlib.contextmanager
def serving(folder: Path, target: str) -> Iterator[int]:
    """The port at localhost where the Unix socket `target` is reached by TLS; `folder` gets `ca.pem`, its authority."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate(folder))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, trust, target), daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, trust: ssl.SSLContext, target: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_answer, args=(accepted, trust, target), daemon=True).start()


def _answer(accepted: socket.socket, trust: ssl.SSLContext, target: str) -> None:
    with (
        contextlib.suppress(OSError),
        trust.wrap_socket(accepted, server_side=True) as secure,
        socket.socket(socket.AF_UNIX) as plain,
    ):
        plain.connect(target)
        _relay(secure, plain)


def _relay(secure: ssl.SSLSocket, plain: socket.socket) -> None:
    """Copies both ways until the engine has ended."""
    secure.setblocking(False)
    plain.setblocking(False)
    upward, downward, ended = b"", b"", False
    while True:
        readable = ([] if upward or ended else [secure]) + ([] if downward else [plain])
        writable = ([plain] if upward else []) + ([secure] if downward else [])
        select.select(readable, writable, [], 0 if secure.pending() else None)
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            downward = downward[secure.send(downward) :] if downward else downward
        with contextlib.suppress(BlockingIOError):
            upward = upward[plain.send(upward) :] if upward else upward
        with contextlib.suppress(ssl.SSLWantReadError):
            if not upward and not ended:
                upward = secure.recv(CHUNK_BYTES)
                if not upward:
                    ended = True
                    plain.shutdown(socket.SHUT_WR)
        with contextlib.suppress(BlockingIOError):
            if not downward:
                downward = plain.recv(CHUNK_BYTES)
                if not downward:
                    return


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that is its own authority, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "engine")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(public)
    both = folder / "server.pem"
    both.write_bytes(public + private)
    return both
