"""Holding a state directory: one server at a time has it, as long as the directory is there."""

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator

from podrunner import errors, files, paths


class Hold:
    """The lock on a state directory. It goes with the process, however that ends."""

    def __init__(self, where: paths.Files, descriptor: int) -> None:
        self._where = where
        self._descriptor = descriptor

    @property
    def lost(self) -> bool:
        """Whether the directory was removed, and perhaps is another server's by now."""
        try:
            return not os.path.samestat(os.fstat(self._descriptor), self._where.lock.stat())
        except OSError:
            return True

    @contextlib.contextmanager
    def pid_file(self) -> Iterator[None]:
        """Says which process holds the directory."""
        self._where.pid.unlink(missing_ok=True)
        self._where.pid.write_text(f"{os.getpid()}\n")
        try:
            yield
        finally:
            if not self.lost:
                self._where.pid.unlink(missing_ok=True)

    def instance(self) -> str:
        """The id that labels what this state directory's servers make on the engine."""
        with contextlib.suppress(FileNotFoundError):
            if known := self._where.instance.read_text().strip():
                return known
        instance = uuid.uuid4().hex
        files.write_whole(self._where.instance, f"{instance}\n".encode())
        return instance


@contextlib.contextmanager
def held(where: paths.Files) -> Iterator[Hold]:
    """The state directory, made if need be. Raises errors.ServerRunning if a server has it, errors.ServerError."""
    while True:
        files.private_directory(where.directory)
        try:
            descriptor = os.open(where.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise errors.ServerError(f"cannot use the state directory {where.directory}: {error.strerror}") from error
        hold = Hold(where, descriptor)
        try:
            _lock(descriptor, where)
            # Else somebody removed the file between its opening and locking.
            if not hold.lost:
                yield hold
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, where: paths.Files) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        raise errors.ServerRunning(
            f"a server runs already in {where.directory}; `podrunner server stop` ends it"
        ) from taken
