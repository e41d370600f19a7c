"""`podrunner validate`: checks manifests without an engine."""

import sys
from collections.abc import Sequence

import click

from podrunner import errors
from podrunner.cli import manifests
from podrunner.objects import kinds, loading


@click.command("validate", short_help="Check manifests without an engine.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def command(files: Sequence[str]) -> None:
    """Check manifest files, directories or standard input (-), without an engine.

    Every problem of every file is told with its line, and the exit status is 2 if there is one. Fields that podrunner
    does not support yet are warned about.
    """
    loaded = loading.load(files, sys.stdin.buffer)
    problems = [problem for item in loaded for problem in manifests.uncreatable(item)]
    if problems:
        raise errors.ManifestError(problems)
    for item in loaded:
        for warning in manifests.warnings(item):
            click.echo(f"warning: {warning}", err=True)
        metadata = item.object.metadata
        click.echo(f"{kinds.of(item.object).singular}/{metadata.name or metadata.generate_name} is valid")
