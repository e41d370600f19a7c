"""What `exec`, `attach` and `debug` have in common: a process in a container, and this one's standard streams."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from podrunner.cli import output, standard_streams, targets
from podrunner.client import console, podcontainers, terminal_mode

F = TypeVar("F", bound=Callable[..., Any])

_NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file"
_COMMAND = "podrunner.command"


class WithCommand(targets.Verb):
    """A command line that ends in `-- COMMAND…`, whose words are nobody's options; `command_words` has them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[_COMMAND] = args[end + 1 :]
        return super().parse_args(ctx, args[:end])


def command_words() -> list[str]:
    """What comes after `--`."""
    words: list[str] = click.get_current_context().meta[_COMMAND]
    return words


def streams(function: F) -> F:
    """`--stdin`, `--tty` and `--quiet`, as `stdin: bool`, `tty: bool` and `quiet: bool`."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Show nothing but the container's output.")
    terminal = click.option("-t", "--tty", is_flag=True, help="Standard input is a terminal.")
    return click.option("-i", "--stdin", is_flag=True, help="Pass standard input to the container.")(
        terminal(quiet(function))
    )


def chosen(pod: dict[str, Any], container: str, *, quiet: bool = False) -> podcontainers.Object:
    """The container that is meant; the choice is told. Raises UsageError."""
    choice = podcontainers.choose(pod, container)
    if choice.notice and not quiet:
        click.echo(choice.notice, err=True)
    return choice.container


def may_use_terminal(*, stdin: bool, tty: bool, quiet: bool = False) -> bool:
    """Whether the process can have our terminal; tells why not, where it is asked for."""
    if not (stdin and tty):
        return False
    if not sys.stdin.isatty() and not quiet:
        click.echo(_NO_TERMINAL, err=True)
    return sys.stdin.isatty()


@contextlib.contextmanager
def joined(*, stdin: bool, terminal: bool, tty: bool, redrawn: bool = False) -> Iterator[console.Streams]:
    """Our standard streams for the process; in raw mode if it has our terminal. `tty`: it has one, ours or not."""
    outputs = {console.STDOUT: output.standard_output().write}
    if not tty:
        outputs[console.STDERR] = output.Output(standard_streams.Patient(2)).write
    descriptor = sys.stdin.fileno() if stdin else None
    sys.stderr.flush()
    if not terminal:
        yield console.Streams(outputs, descriptor, tty=tty)
        return
    with terminal_mode.raw(sys.stdin.fileno(), redrawn=redrawn) as raw:
        yield console.Streams(outputs, descriptor, terminal=raw, tty=True)


def exit_status(status: int) -> int:
    """The status of a command in a container as that of ours; tells it if it is not 0."""
    if status:
        with contextlib.suppress(OSError):
            click.echo(f"command terminated with exit code {status}", err=True)
    return status
