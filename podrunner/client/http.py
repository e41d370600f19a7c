"""HTTP over the server's Unix socket: requests, answers that go on, and errors translated at the door.

The standard library's client, because a short command must not pay for a larger one. Nothing here knows what the
paths mean; that is `client.api`.
"""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from podrunner import errors

ANSWER_SECONDS = 10.0
"""How long the server may take to begin an answer. A server that is stopped or hangs still accepts connections."""

BLOCK_BYTES = 64 * 1024

JSON = "application/json"
ANY = "application/json, */*"
"""What kubectl accepts, too, where it does not care."""

_LOOK_AGAIN_SECONDS = 0.01
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')

Query = Mapping[str, str | Sequence[str]]
"""A parameter with several values is given several times."""


class Disconnected(errors.ServerError):
    """No server answers at the socket, or the connection to it broke."""


class Unresponsive(Disconnected):
    """Somebody listens at the socket but did not answer in time."""


class Failed(errors.ServerError):
    """The server answered that it could not do it, for a reason that is not the request's."""


class Answer(NamedTuple):
    """A whole answer that is no error."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def warnings(self) -> list[str]:
        """The texts of its Warning headers, which Kubernetes' API sends for a person to read.

        Source: `ParseWarningHeaders`, kubernetes apimachinery pkg/util/net/http.go.
        """
        # http.client takes headers for Latin-1, the API writes UTF-8.
        values = [value.encode("latin-1").decode(errors="replace") for value in self.headers.get_all("Warning", ())]
        return [re.sub(r"\\(.)", r"\1", text) for value in values for text in _WARNING.findall(value)]


class Stream:
    """An answer that goes on: iterate over it for blocks of bytes as they come.

    Iterating ends when the server ends the answer properly or `close` was called, and raises `Disconnected` when the
    connection breaks before. `close` may be called from another thread.
    """

    def __init__(self, sock: socket.socket, response: http.client.HTTPResponse) -> None:
        self._socket = sock
        self._response = response
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            while block := self._response.read1(BLOCK_BYTES):
                yield block
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self._closed:
                raise Disconnected(f"the connection to podrunner's server broke: {error!r}") from error
        finally:
            self._response.close()

    def close(self) -> None:
        """Wakes a thread that waits for the next block, which then ends."""
        self._closed = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class Server:
    """Podrunner's server, as seen through its socket."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path

    def answers(self) -> bool:
        """Whether anybody accepts connections at the socket."""
        try:
            self.connect().close()
        except Unresponsive:
            return True
        except Disconnected:
            return False
        return True

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = ANY,
    ) -> Answer:
        """The answer. Raises the `ObjectError` that its Status names, `Failed` for any other error, `Disconnected`."""
        sock, response = self._send(method, path, query, body, content_type, accept)
        with contextlib.closing(sock), contextlib.closing(response):
            try:
                return Answer(response.status, response.headers, response.read())
            except TimeoutError as error:
                raise self._unresponsive() from error
            except (OSError, http.client.HTTPException) as error:
                raise Disconnected(f"podrunner's server broke off its answer: {error!r}") from error

    def stream(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = ANY,
    ) -> Stream:
        """An answer that goes on, for as long as it likes once it has begun; errors as those of `request`."""
        sock, response = self._send(method, path, query, body, content_type, accept)
        sock.settimeout(None)
        return Stream(sock, response)

    def connect(self) -> socket.socket:
        """A connection for a protocol of one's own. Raises Disconnected, Unresponsive."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(ANSWER_SECONDS)
        give_up_at = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                sock.connect(str(self.socket_path))
            except BlockingIOError as error:
                # Linux: as many connections wait already as the server lets wait.
                if time.monotonic() > give_up_at:
                    sock.close()
                    raise self._unresponsive() from error
                time.sleep(_LOOK_AGAIN_SECONDS)
            except OSError as error:
                sock.close()
                raise Disconnected(f"no podrunner server answers at {self.socket_path}: {error.strerror}") from error
            else:
                return sock

    def _send(
        self, method: str, path: str, query: Query | None, body: bytes | None, content_type: str, accept: str
    ) -> tuple[socket.socket, http.client.HTTPResponse]:
        sock = self.connect()
        connection = http.client.HTTPConnection("podrunner")
        connection.sock = sock
        headers = {"Accept": accept} | ({"Content-Type": content_type} if body is not None else {})
        try:
            # A server may answer, and close, before it has read a body that it does not need.
            with contextlib.suppress(BrokenPipeError):
                connection.request(method, f"{path}?{urlencode(query, doseq=True)}" if query else path, body, headers)
            response = connection.getresponse()
            if response.status >= http.client.BAD_REQUEST:
                raise status_error(response.read())
        except TimeoutError as error:
            connection.close()
            raise self._unresponsive() from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Disconnected(f"podrunner's server gave no answer: {error!r}") from error
        except errors.PodrunnerError:
            connection.close()
            raise
        return sock, response

    def _unresponsive(self) -> Unresponsive:
        return Unresponsive(
            f"podrunner's server at {self.socket_path} does not answer: nothing came for {ANSWER_SECONDS:g} s"
        )


class _Status(msgspec.Struct):
    """What we read of a Kubernetes Status object."""

    message: str = ""
    reason: str = ""
    details: dict[str, Any] | None = None


_BY_REASON = {error.reason: error for error in errors.ObjectError.__subclasses__()}


def status_error(body: bytes) -> errors.PodrunnerError:
    """The exception for an error answer: an `ObjectError` by the Status' reason, `Failed` where none fits."""
    try:
        status = msgspec.json.decode(body, type=_Status)
    except msgspec.DecodeError:
        return Failed(f"podrunner's server answered: {body.decode(errors='replace').strip()}")
    error = _BY_REASON.get(status.reason)
    return error(status.message, details=status.details) if error else Failed(status.message)


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream, without their ends; a last one without an end too."""
    rest = b""
    for block in blocks:
        *complete, rest = (rest + block).split(b"\n")
        yield from complete
    if rest:
        yield rest
