"""A session with a process in a container, over channels of a WebSocket: its streams, its terminal and how it ended.

Source: Kubernetes' v5.channel.k8s.io, k8s.io/client-go tools/remotecommand/websocket.go, v4.go, errorstream.go.
"""

import os
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from podrunner import errors
from podrunner.client import http, podcontainers, resources, terminal_mode, websocket

STDIN, STDOUT, STDERR = range(3)
_ERROR, _SIZES = 3, 4
_CLOSE = 255

_PROTOCOL = "v5.channel.k8s.io"
_BLOCK_BYTES = 32 * 1024
_MOST_UNSENT = 512 * 1024
"""Bytes taken from stdin that the container has not read yet."""


Write = Callable[[bytes], object]


class Target(NamedTuple):
    """A container."""

    namespace: str
    pod: str
    container: str


class Streams(NamedTuple):
    """Whose end is where: a descriptor to read stdin from, None for no stdin, and who takes what is written.

    `terminal`: the process gets a terminal, which has no stderr of its own, of the size of this one.
    """

    outputs: Mapping[int, Write]
    stdin: int | None = None
    terminal: terminal_mode.Raw | None = None
    tty: bool = False


def execute(server: http.Server, target: Target, command: Sequence[str], streams: Streams) -> int:
    """Runs the command in the container; its exit status. Raises the refusal, and what went wrong on the way."""
    return _attend(_opened(server, target, "exec", streams, [("command", word) for word in command]), streams)


def attach(server: http.Server, target: Target, streams: Streams) -> None:
    """Joins the container's main process until it ends, or its terminal's user detaches."""
    _attend(_opened(server, target, "attach", streams, []), streams)


def _opened(
    server: http.Server, target: Target, what: str, streams: Streams, more: Sequence[tuple[str, str]]
) -> websocket.Socket:
    wanted = {
        "stdin": streams.stdin is not None,
        "stdout": STDOUT in streams.outputs,
        "stderr": STDERR in streams.outputs and not streams.tty,
        "tty": streams.tty,
    }
    query = [("container", target.container), *more, *((name, "true") for name, on in wanted.items() if on)]
    path = resources.path(podcontainers.POD, target.namespace, target.pod, what)
    return websocket.opened(server, path, query, [_PROTOCOL])


def _attend(socket: websocket.Socket, streams: Streams) -> int:
    try:
        return _Session(socket, streams).run()
    finally:
        socket.close()


class _Session:
    """One loop for all: whoever does not read holds up nobody but who writes to them."""

    def __init__(self, socket: websocket.Socket, streams: Streams) -> None:
        self._socket = socket
        self._outputs = streams.outputs
        self._stdin = streams.stdin
        self._terminal = streams.terminal

    def run(self) -> int:
        if self._terminal is not None:
            self._send_sizes(self._terminal.first_sizes())
        status = self._take(self._socket.early)
        while status is None:
            readable = self._wait()
            if self._stdin is not None and self._stdin in readable:
                self._read_stdin(self._stdin)
            if self._terminal is not None and self._terminal.resized in readable:
                self._send_sizes(self._terminal.new_sizes())
            if self._socket.unsent:
                self._socket.flush()
            if self._socket.fileno() in readable:
                status = self._take(self._socket.receive())
                if status is None and self._socket.over:
                    raise http.Disconnected("the connection to podrunner's server broke")
        return status

    def _take(self, messages: Sequence[bytes]) -> int | None:
        """Passes output on; the exit status, once it is told."""
        for message in messages:
            if message[:1] == bytes((_ERROR,)):
                return _exit_status(message[1:])
            self._write(message)
        return None

    def _wait(self) -> Sequence[int]:
        """The descriptors that can be read, once one can or there is room to send."""
        descriptors = [self._socket.fileno()]
        if self._stdin is not None and self._socket.unsent < _MOST_UNSENT:
            descriptors.append(self._stdin)
        if self._terminal is not None:
            descriptors.append(self._terminal.resized)
        readable, _, _ = select.select(descriptors, [self._socket] if self._socket.unsent else [], [])
        return readable

    def _read_stdin(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _BLOCK_BYTES)
        except BlockingIOError:
            return
        if data:
            self._socket.send(bytes((STDIN,)) + data)
        else:
            self._socket.send(bytes((_CLOSE, STDIN)))
            self._stdin = None

    def _send_sizes(self, sizes: Iterator[os.terminal_size]) -> None:
        for size in sizes:
            told = msgspec.json.encode({"Width": size.columns, "Height": size.lines})
            self._socket.send(bytes((_SIZES,)) + told)

    def _write(self, message: bytes) -> None:
        if len(message) > 1 and (write := self._outputs.get(message[0])):
            write(message[1:])


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] = []


class _Status(msgspec.Struct):
    """What we read of the Status at the end."""

    status: str = ""
    reason: str = ""
    message: str = ""
    details: _Details | None = None


def _exit_status(body: bytes) -> int:
    """How the process ended. Raises PodrunnerError where that is not known."""
    try:
        status = msgspec.json.decode(body, type=_Status)
    except msgspec.MsgspecError as error:
        raise errors.ServerError(f"podrunner's server answered something unexpected: {error}") from error
    if status.status == "Success":
        return 0
    causes = status.details.causes if status.details else []
    codes = [cause.message for cause in causes if cause.reason == "ExitCode"]
    if status.reason == "NonZeroExitCode" and codes and codes[0].isdecimal():
        return int(codes[0])
    raise errors.PodrunnerError(status.message)
