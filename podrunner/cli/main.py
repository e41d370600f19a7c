"""The command `podrunner`: finds the subcommand, and turns every error into a message and an exit status.

Exit statuses: 0 all well, 2 wrong usage or manifest, 124 a time limit, 125 podrunner's server or the engine failed, 130
interrupted, 141 nobody reads the output, 1 anything else. `run` adds its own, see there.
"""

import contextlib
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

import podrunner
from podrunner import errors
from podrunner.cli import standard_streams

_INTERRUPTED = 130
_OUTPUT_CLOSED = 141
_WRITING = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)
_TRACEBACK_VARIABLE = "PODRUNNER_TRACEBACK"

_COMMANDS = (
    "run",
    "get",
    "apply",
    "delete",
    "wait",
    "describe",
    "events",
    "top",
    "logs",
    "exec",
    "attach",
    "port-forward",
    "cp",
    "debug",
    "validate",
    "serve",
    "kubeconfig",
    "server",
    "completion",
)

_STATUSES: tuple[tuple[type[errors.PodrunnerError], int], ...] = (
    (errors.UsageError, 2),
    (errors.ManifestError, 2),
    (errors.TimedOut, 124),
    (errors.NotFound, 1),
    (errors.ServiceUnavailable, 125),
    (errors.ObjectError, 2),
    (errors.ServerError, 125),
    (errors.EngineError, 125),
)


class _Commands(click.Group):
    """Imports a command's module when the command is asked for, so that no command pays for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"podrunner.cli.{cmd_name.replace('-', '_')}").command
        return command


@click.command(
    "podrunner",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Files and the server's state are in $PODRUNNER_STATE_DIR, or where the platform keeps a user's state.",
)
@click.version_option(podrunner.__version__, message="podrunner %(version)s")
def podrunner_command() -> None:
    """Run Kubernetes pods on a plain Docker Engine, without a cluster."""


def main() -> NoReturn:
    """The entry point."""
    standard_streams.settle()
    if instruction := os.environ.get("_PODRUNNER_COMPLETE"):
        from podrunner.cli import completion

        sys.exit(completion.answer(podrunner_command, instruction))
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Does what the command line says; the exit status. Raises nothing."""
    try:
        # Not click's own main(): it exits with 1 where nobody reads the output.
        with podrunner_command.make_context("podrunner", list(arguments)) as context:
            return int(podrunner_command.invoke(context) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        # Standard error that can't be written is no reason for another exit status.
        with contextlib.suppress(OSError):
            error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except errors.PodrunnerError as error:
        return _failed(error)
    except BrokenPipeError:
        _discard_output()
        return _OUTPUT_CLOSED
    except OSError as error:
        return _refused(error)
    except Exception as error:  # noqa: BLE001 (the last resort: a defect of ours)
        return _crashed(error)


def _discard_output() -> None:
    """What is still in the buffer would raise again when the interpreter flushes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _failed(error: errors.PodrunnerError) -> int:
    _tell(*(error.problems if isinstance(error, errors.ManifestError) else [f"error: {error}"]))
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 1)


def _refused(error: OSError) -> int:
    """The system would not do it: open a file, or write the output."""
    what = error.filename
    if what is None and error.errno in _WRITING:
        what = "standard output"
        _discard_output()
    _tell(f"error: {what}: {error.strerror}" if what else f"error: {error.strerror or error}")
    return 1


def _crashed(error: Exception) -> int:
    if os.environ.get(_TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    _tell(
        f"error: a defect in podrunner: {type(error).__name__}: {error}",
        f"{_TRACEBACK_VARIABLE}=1 shows where; `podrunner server logs` shows what its server did",
    )
    return 1


def _tell(*lines: str) -> None:
    with contextlib.suppress(OSError):
        for line in lines:
            click.echo(line, err=True)
