"""Where podrunner's files are, and whether they are safe there. Creates nothing."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from podrunner import errors

STATE_DIR_VARIABLE = "PODRUNNER_STATE_DIR"

_LONGEST_SOCKET_PATH = 100
"""Bytes. The kernel's limit is 107 on Linux and 103 on macOS."""


class Files(NamedTuple):
    """The files of one server, in its state directory."""

    directory: Path

    @property
    def lock(self) -> Path:
        """Held by the running server."""
        return self.directory / "server.lock"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def pid(self) -> Path:
        return self.directory / "server.pid"

    @property
    def store(self) -> Path:
        return self.directory / "store.db"

    @property
    def instance(self) -> Path:
        """The id that labels this server's things on the engine."""
        return self.directory / "instance"

    @property
    def port(self) -> Path:
        """The number of the port that Kubernetes clients use."""
        return self.directory / "server.port"

    @property
    def credentials(self) -> Path:
        """The directory of keys, certificates and the token."""
        return self.directory / "credentials"

    @property
    def token_key(self) -> Path:
        """The key that signs the tokens of service accounts."""
        return self.credentials / "service-account.key"

    @property
    def socket(self) -> Path:
        return socket_path(self.directory)


def state_dir(environ: Mapping[str, str]) -> Path:
    """The state directory: $PODRUNNER_STATE_DIR, else the platform's place for a user's state. Absolute.

    Raises errors.ServerError for a user without a home directory.
    """
    try:
        if given := environ.get(STATE_DIR_VARIABLE):
            return Path(given).expanduser().absolute()
        import platformdirs

        return Path(platformdirs.user_state_dir("podrunner", appauthor=False)).expanduser().absolute()
    except RuntimeError as error:
        raise errors.ServerError(
            f"there is no home directory to keep podrunner's state in; set {STATE_DIR_VARIABLE} or HOME"
        ) from error


def socket_path(state_dir: Path) -> Path:
    """The server's Unix socket: in the state directory, or, where its path is too long for a socket, below /tmp.

    The latter is named after the state directory, which so has one socket whatever the environment says. Raises
    errors.ServerError when its directory is there and somebody else's: who owns it could listen there in our place.
    """
    usual = state_dir.absolute() / "podrunner.sock"
    if len(os.fsencode(usual)) <= _LONGEST_SOCKET_PATH:
        return usual
    directory = Path(f"/tmp/podrunner-{os.getuid()}")
    with contextlib.suppress(FileNotFoundError):
        check_private(directory)
    # Imported here, because hardly any path is that long and every command imports this module.
    import hashlib

    return directory / f"{hashlib.sha256(os.fsencode(usual)).hexdigest()[:16]}.sock"


def check_private(directory: Path) -> None:
    """Raises errors.ServerError unless the directory is ours and no other user may put anything there."""
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise errors.ServerError(
            f"{directory}, where the server's socket lies, has to be a directory only user {os.getuid()} can write to;"
            f" {STATE_DIR_VARIABLE} can name another place"
        )
