"""`podrunner kubeconfig`: tells kubectl where the server is, and how it is let in."""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from podrunner import errors, files, paths
from podrunner.cli import background
from podrunner.client import api, http, kubeconfig
from podrunner.credentials import keyring, names

_READY_WITHIN = 30.0
"""Seconds; a server that has just started makes its certificates first."""

_LOOK_AGAIN_SECONDS = 0.05

EPILOG = """\b
Examples:
  podrunner kubeconfig --merge                 then: kubectl --context podrunner get pods
  podrunner kubeconfig --write podrunner.yaml  then: kubectl --kubeconfig podrunner.yaml get pods
"""


@click.command("kubeconfig", short_help="Tell kubectl where the server is.", epilog=EPILOG)
@click.option("--write", type=click.Path(path_type=Path), metavar="FILE", help="Write it to a file.")
@click.option(
    "--merge",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Add the context podrunner to a kubeconfig, by default kubectl's own.",
)
@click.option(
    "--client-certificate",
    is_flag=True,
    help="Let kubectl in by a certificate, valid for a year, and not by the token.",
)
def command(write: Path | None, merge: str | None, client_certificate: bool) -> None:
    """Print a kubeconfig with the context podrunner, and start the server if none runs.

    Whoever has it may do everything with the server. The current context of a kubeconfig is never changed.
    """
    if write and merge:
        raise errors.UsageError("--write and --merge name two files")
    access = _access(by_certificate=client_certificate)
    if merge is not None:
        target = write or (Path(merge) if merge else _kubectls_own(os.environ.get("KUBECONFIG", "")))
        _merge(target, access)
        click.echo(f"{target} has a context podrunner now: kubectl --context podrunner get pods", err=True)
    elif write:
        _write(write, access)
        click.echo(f"{write} is written: kubectl --kubeconfig {write} get pods", err=True)
    else:
        click.echo(kubeconfig.alone(access), nl=False)


def _access(*, by_certificate: bool) -> kubeconfig.Access:
    where = paths.Files(paths.state_dir(os.environ))
    background.ensure(where.directory)
    address = _address(http.Server(where.socket))
    ring = keyring.Keyring(where.credentials)
    if by_certificate:
        made = keyring.client_certificate(ring, names.OWNER, names.OWNERS_GROUPS, datetime.now(UTC))
        return kubeconfig.Access(address, _read(ring.authority), certificate=made.certificate, key=made.key)
    return kubeconfig.Access(address, _read(ring.authority), token=_read(ring.token).decode().strip())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise errors.ServerError(f"cannot read {file}: {error.strerror}; the next server makes a new one") from error


def _address(server: http.Server) -> str:
    give_up_at = time.monotonic() + _READY_WITHIN
    while not (https := api.server_info(server).https).ready:
        if https.problem or time.monotonic() > give_up_at:
            raise errors.ServerError(
                f"kubectl can't reach podrunner's server: {https.problem or 'it is not ready yet'}"
            )
        time.sleep(_LOOK_AGAIN_SECONDS)
    return https.address


def _kubectls_own(variable: str) -> Path:
    """Where kubectl would put a new context: the first file of $KUBECONFIG that exists, else the last; ~/.kube/config.

    Source: https://kubernetes.io/docs/reference/generated/kubectl/kubectl-commands#config
    """
    named = [Path(name) for name in variable.split(os.pathsep) if name]
    existing = [path for path in named if path.exists()]
    if existing or named:
        return (existing or named[-1:])[0]
    try:
        return Path.home() / ".kube" / "config"
    except RuntimeError as error:
        raise errors.UsageError("there is no home directory; name the file: --merge FILE") from error


def _write(target: Path, access: kubeconfig.Access) -> None:
    with _told(target):
        former = target.read_text() if target.exists() else ""
        if kept := kubeconfig.others(former):
            raise errors.UsageError(f"it has other entries ({', '.join(kept)}); --merge keeps them")
        files.write_whole(target.resolve(), kubeconfig.alone(access).encode())


def _merge(target: Path, access: kubeconfig.Access) -> None:
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target):
            former = target.read_text() if target.exists() else ""
            files.write_whole(target.resolve(), kubeconfig.merged(former, access).encode())


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Keeps kubectl, and another one of us, from changing the file meanwhile, as kubectl does it."""
    lock = target.with_name(f"{target.name}.lock")
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(target: Path) -> Iterator[None]:
    """Says in every error which file it is about."""
    try:
        yield
    except errors.UsageError as error:
        raise errors.UsageError(f"{target}: {error}") from error
    except FileExistsError as error:
        raise errors.PodrunnerError(f"{error.filename} exists: another program is changing {target}") from error
    except (OSError, UnicodeError) as error:
        raise errors.PodrunnerError(f"cannot write {target}: {error}") from error
