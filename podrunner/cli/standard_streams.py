"""The process' standard streams, made fit to use whatever the parent left: closed, or non-blocking.

A descriptor that was closed is opened on the null device, as Go's runtime and so kubectl and docker do: else the next
socket or file that is opened would take its number, and be written to as if it were standard output.
"""

import io
import os
import select
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Patient(io.RawIOBase):
    """Bytes of a descriptor, waited for where it is non-blocking.

    That is a property of what the parent gave us, not of our descriptor: clearing it would change it for the parent.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while True:
            try:
                return os.readv(self._descriptor, [buffer])
            except BlockingIOError:
                self._wait(select.POLLIN)

    def write(self, data: "ReadableBuffer", /) -> int:
        """May take only a part of it."""
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._descriptor, event)
        poll.poll()


def settle() -> None:
    """Has descriptors 0, 1 and 2 open and sys.stdin, stdout and stderr use them. To be called before anything else."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None or not os.get_blocking(0):
        sys.stdin = io.TextIOWrapper(io.BufferedReader(Patient(0)))
    if sys.stdout is None or not os.get_blocking(1):
        sys.stdout = _writer(1)
    if sys.stderr is None or not os.get_blocking(2):
        sys.stderr = _writer(2, errors="backslashreplace")


def _writer(descriptor: int, errors: str = "strict") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(Patient(descriptor)), errors=errors, line_buffering=True)
