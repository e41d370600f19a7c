"""Starts the server in the background if none answers.

By forking, not by starting a new interpreter: the child goes on with what this process has imported already, while the
parent gets on with its work. A fork copies only the thread that calls it, so `ensure` must be called before any thread
is started; a process with threads calls `ensure_from_thread`, which has a fresh process do it.
"""

import contextlib
import fcntl
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from podrunner import __version__, errors, paths
from podrunner.client import api, http

_LEAVING_SECONDS = 20.0
"""How long a server that holds the state directory but does not answer (yet, or any more) is waited for."""

_LOOK_AGAIN_SECONDS = 0.05
_LOG_BYTES = 1024 * 1024
"""A log longer than this is put aside as server.log.1 when the next server starts."""


class Options(msgspec.Struct, frozen=True):
    """How to start the server, if it has to be started; None: as server.Settings says."""

    idle_timeout_seconds: float | None = None
    port: int | None = None
    network: str | None = None
    backoff_scale: float | None = None


AS_USUAL = Options()


class _Report(msgspec.Struct):
    """What the child tells its parent if it can't serve; an empty message: it can."""

    error: str = ""
    message: str = ""


def ensure(state_dir: Path, options: Options = AS_USUAL) -> None:
    """Returns when a server answers. Raises ServerError or EngineError with what kept it from starting.

    Of several processes that call this at once, one starts the server and the others wait for it. One that ran already
    is refused when it is of another version, or uses another engine than this process' environment asks for.
    """
    files = paths.Files(state_dir)
    _check_directory(files)
    server = http.Server(files.socket)
    if _is_there(server, files):
        return
    with _starting(files):
        give_up_at = time.monotonic() + _LEAVING_SECONDS
        while not _is_there(server, files):
            try:
                _start(files, options)
            except errors.ServerRunning:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return


def ensure_from_thread() -> None:
    """`ensure`, from a process that has threads."""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "podrunner", "server", "start"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise errors.ServerError(done.stderr.strip().removeprefix("error: "))


def _check_directory(files: paths.Files) -> None:
    """Whoever else could write to it could answer in the server's place."""
    try:
        paths.check_private(files.directory)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(files, error) from error


def _is_there(server: http.Server, files: paths.Files) -> bool:
    """Whether a server answers. Raises ServerError if it is none that this process can use."""
    try:
        info = api.server_info(server)
    except http.Unresponsive as error:
        raise errors.ServerError(f"{error}; {_how_to_end(files)}") from error
    except http.Disconnected:
        return False
    _check_version(info)
    _check_engine(info)
    return True


def _how_to_end(files: paths.Files) -> str:
    try:
        pid = files.pid.read_text().strip()
    except OSError:
        return f"its log is {files.log}"
    return f"`kill -KILL {pid}` ends it, and the next one goes on with what it left"


def _check_version(info: api.ServerInfo) -> None:
    if info.version != __version__:
        raise errors.ServerError(
            f"podrunner's server is of version {info.version}, this command of {__version__};"
            " `podrunner server stop` ends it, and pods that were kept go on running under the next one"
        )


def _check_engine(info: api.ServerInfo) -> None:
    # Imported here: it takes longer to import than to do.
    from podrunner.engine import address

    wanted = address.resolve(os.environ)
    if _place(info.engine.address.split(" ")[0]) != _place(wanted.url):
        raise errors.ServerError(
            f"podrunner's server uses the engine at {info.engine.address}, this command asks for {wanted};"
            " `podrunner server stop` ends the server, PODRUNNER_STATE_DIR names a place for another one"
        )


def _place(url: str) -> str:
    """The same for /var/run/docker.sock and /run/docker.sock, where one directory is a link to the other."""
    scheme, _, path = url.partition("://")
    return f"unix://{os.path.realpath(path)}" if scheme == "unix" else url


@contextlib.contextmanager
def _starting(files: paths.Files) -> Iterator[None]:
    try:
        files.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(files.directory / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(files, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _unusable(files: paths.Files, error: OSError) -> errors.ServerError:
    return errors.ServerError(
        f"{error.filename or files.directory}: {error.strerror}; podrunner keeps its files in {files.directory},"
        f" {paths.STATE_DIR_VARIABLE} can name another place"
    )


def _start(files: paths.Files, options: Options) -> None:
    read_end, write_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _become_server(files, write_end, options)
    os.close(write_end)
    # A parent that ignores SIGCHLD leaves that to us, and then there is nobody to wait for.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    with os.fdopen(read_end, "rb") as pipe:
        told = pipe.read()
    if not told:
        raise errors.ServerError(f"podrunner's server died while it started; {files.log} may tell why")
    report = msgspec.json.decode(told, type=_Report)
    if report.error:
        raise getattr(errors, report.error, errors.ServerError)(report.message)


def _become_server(files: paths.Files, report_to: int, options: Options) -> NoReturn:
    """Detaches from the terminal and the parent, and serves."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _serve(files, report_to, options)
    except BaseException:  # noqa: BLE001 (nothing may return into the parent's program)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _serve(files: paths.Files, report_to: int, options: Options) -> None:
    pipe = os.fdopen(report_to, "wb", buffering=0)

    def report(error: str = "", message: str = "") -> None:
        if not pipe.closed:
            pipe.write(msgspec.json.encode(_Report(error, message)))
            pipe.close()

    try:
        _settle(files, report_to)
    except OSError as error:
        # There is no log yet, and standard error is still the parent's.
        report(errors.ServerError.__name__, str(_unusable(files, error)))
        return
    from podrunner import server

    given = {name: value for name, value in msgspec.structs.asdict(options).items() if value is not None}
    settings = server.Settings(state_dir=files.directory, environ=dict(os.environ), **given)
    try:
        server.serve(settings, on_ready=report)
    except errors.PodrunnerError as error:
        report(type(error).__name__, str(error))
        raise
    except OSError as error:
        report(errors.ServerError.__name__, str(_unusable(files, error)))
        raise


def _settle(files: paths.Files, keep_open: int) -> None:
    """Lets go of all that is the parent's, and makes new files private.

    Whoever waits for the end of a pipe that the parent was given must not wait for the server; and the lock on starting
    is shared with the parent until both have closed it.
    """
    os.closerange(3, keep_open)
    os.closerange(keep_open + 1, os.sysconf("SC_OPEN_MAX"))
    if files.log.exists() and files.log.stat().st_size > _LOG_BYTES:
        files.log.replace(files.log.with_suffix(".log.1"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(files.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.chdir("/")
    os.umask(0o077)
