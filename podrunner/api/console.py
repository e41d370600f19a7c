"""A command's streams, joined with those of the client that runs it, until it has ended and the client knows how.

Source: k8s.io/cri-streaming `pkg/streaming/remotecommand`: exec.go, attach.go, httpstream.go, status.go.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol

import msgspec

from podrunner import errors
from podrunner.api import context

FINISH_SECONDS = 15 * 60.0
"""How long a client may take to read what is left and to leave. Closing before would lose what is under way to it."""

_LONGEST_SIZE = 1024

log = logging.getLogger(__name__)


class Stream(Protocol):
    """One of the client's streams, over whichever protocol."""

    async def read(self) -> bytes:
        """What came next, b"" at the end."""

    async def write(self, data: bytes) -> None:
        """Sends; waits while the client does not read. Raises OSError when it has gone."""

    async def close(self) -> None:
        """Sends no more."""

    async def reset(self) -> None:
        """Neither sends nor takes any more."""


class Console(NamedTuple):
    """The client's streams; None: it did not ask for that one. Sizes of its terminal come as JSON."""

    error: Stream
    stdin: Stream | None
    stdout: Stream | None
    stderr: Stream | None
    sizes: Stream | None


async def attend(session: context.Session, console: Console, failing: str) -> dict[str, Any]:
    """Joins the streams until the output is over. How it ended, as a Status; `failing` begins its message if it broke.

    Raises OSError when the client goes before.
    """
    inputs = [asyncio.create_task(work) for work in (_feed(session, console.stdin), _resize(session, console.sizes))]
    try:
        while (output := await session.read()) is not None:
            stream = console.stdout if output[0] == 1 else console.stderr
            if stream is not None:
                await stream.write(output[1])
        return _ended(await session.exit_code())
    except errors.PodrunnerError as error:
        log.warning("%s: %s", failing, error)
        return _broke(f"{failing}: {error}")
    finally:
        for task in inputs:
            task.cancel()
        await asyncio.gather(*inputs, return_exceptions=True)


async def finish(console: Console, outcome: dict[str, Any], *, as_status: bool) -> None:
    """Tells the client how it ended, by the Status or (older protocols) by the text of a failure; ends the streams."""
    for stream in (console.stdin, console.sizes):
        if stream is not None:
            await stream.reset()
    message = msgspec.json.encode(outcome) if as_status else outcome.get("message", "").encode()
    if message:
        await console.error.write(message)
    for stream in (console.stdout, console.stderr, console.error):
        if stream is not None:
            await stream.close()


async def _feed(session: context.Session, stdin: Stream | None) -> None:
    if stdin is None:
        return
    with contextlib.suppress(errors.PodrunnerError):  # it is told with the output
        while data := await stdin.read():
            await session.write(data)
        await session.close_stdin()


async def _resize(session: context.Session, sizes: Stream | None) -> None:
    if sizes is None:
        return
    async for size in _sizes(sizes):
        with contextlib.suppress(errors.PodrunnerError):  # a process that is not there yet, or no more
            await session.resize(size.width, size.height)
    await sizes.reset()  # what is not read would hold up stdin


class _Size(msgspec.Struct, frozen=True):
    width: int = msgspec.field(name="Width")
    height: int = msgspec.field(name="Height")


async def _sizes(stream: Stream) -> AsyncIterator[_Size]:
    """The sizes in a stream of JSON objects, up to the first that is none."""
    text = b""
    while len(text) < _LONGEST_SIZE and (data := await stream.read()):
        *objects, text = (text + data).split(b"}")
        for begun in objects:
            try:
                yield msgspec.json.decode(begun + b"}", type=_Size)
            except msgspec.DecodeError:
                return


def _ended(code: int | None) -> dict[str, Any]:
    if not code:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def _broke(message: str) -> dict[str, Any]:
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {message}",
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }
