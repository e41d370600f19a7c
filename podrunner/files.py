"""Files and directories that are for their owner only."""

import os
import tempfile
from pathlib import Path

from podrunner import errors


def write_whole(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all, for its owner only, whatever is there already. Raises OSError.

    A crash of the machine leaves the old content or the new.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def private_directory(path: Path) -> None:
    """Makes the directory, for its owner only, unless it is there. Raises errors.ServerError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise errors.ServerError(f"cannot make the directory {path}: {error.strerror}") from error
