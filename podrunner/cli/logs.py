"""`podrunner logs`: shows what containers write."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from podrunner import errors
from podrunner.cli import completion, output, parameters, targets
from podrunner.client import http, logreading, podcontainers, resources

EPILOG = """\b
Examples:
  podrunner logs web                        the pod's first container
  podrunner logs web -c setup -f            and what it writes from now on
  podrunner logs web --all-containers --prefix
  podrunner logs -l app=web --tail=20
  podrunner logs web --previous             of the instance before the last restart
"""

_ALL = -1
_TAIL_OF_SELECTED = 10


@click.command("logs", cls=targets.Verb, short_help="Show what containers write.", epilog=EPILOG)
@click.argument("pod", required=False, metavar="[POD | pod/NAME]", shell_complete=completion.pods)
@targets.namespace
@targets.container
@targets.labels
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written, until the container ends.")
@click.option("-p", "--previous", is_flag=True, help="Of the instance before the last restart.")
@click.option("--tail", type=int, metavar="LINES", help="The last lines only.  [default: -1, all; 10 with --selector]")
@click.option("--since", callback=parameters.duration, metavar="DURATION", help="What was written in the last 5s, 2m.")
@click.option("--since-time", default="", metavar="TIME", help="What was written after a time as RFC 3339 has it.")
@click.option("--timestamps", is_flag=True, help="The time before each line.")
@click.option("--limit-bytes", type=int, default=0, metavar="BYTES", help="So many bytes at most.")
@click.option("--all-containers", is_flag=True, help="Of all the pod's containers.")
@click.option("--prefix", is_flag=True, help="The pod and container before each line.")
@click.option(
    "--max-log-requests", type=int, default=5, show_default=True, metavar="N", help="Follow so many at once at most."
)
@click.option("--ignore-errors", is_flag=True, help="Go on with the others where one can't be read.")
def command(
    pod: str | None,
    namespace: str,
    container: str,
    labels: str,
    follow: bool,
    previous: bool,
    tail: int | None,
    since: float | None,
    since_time: str,
    timestamps: bool,
    limit_bytes: int,
    all_containers: bool,
    prefix: bool,
    max_log_requests: int,
    ignore_errors: bool,
) -> int:
    """Show what a container of a pod has written, or those of all pods with some labels.

    Without -c it is the pod's default or first container.
    """
    if bool(pod) == bool(labels):
        raise errors.UsageError("only a selector (-l) or a POD name is allowed" if pod else "name a POD, or give -l")
    if container and all_containers:
        raise errors.UsageError(f"--all-containers=true should not be specified with container name {container}")
    if tail is None:
        tail = _TAIL_OF_SELECTED if labels else _ALL
    options = {
        **_span(since, since_time),
        **_limits(tail, limit_bytes),
        **{name: "true" for name, on in _flags(follow, previous, timestamps) if on},
    }
    request = logreading.Request(options, ignore_errors)
    server = targets.server()
    pods = _pods(server, namespace, pod, labels)
    if not pods:
        click.echo(f"No resources found in {namespace} namespace.", err=True)
    sources = [
        _source(each, name, prefix=prefix) for each in pods for name in _containers(each, container, all_containers)
    ]
    if not follow or len(sources) < 2:
        logreading.in_turn(server, sources, request, output.standard_output().write)
    elif len(sources) > max_log_requests:
        raise errors.UsageError(
            f"you are attempting to follow {len(sources)} log streams, but maximum allowed concurrency is"
            f" {max_log_requests}, use --max-log-requests to increase the limit"
        )
    else:
        logreading.together(server, sources, request, output.standard_output().write)
    return 0


def _flags(follow: bool, previous: bool, timestamps: bool) -> Sequence[tuple[str, bool]]:
    return (("follow", follow), ("previous", previous), ("timestamps", timestamps))


def _span(since: float | None, since_time: str) -> dict[str, str]:
    """From when on. Raises UsageError."""
    if since and since_time:
        raise errors.UsageError("at most one of `sinceTime` or `sinceSeconds` may be specified")
    if since:
        return {"sinceSeconds": str(math.ceil(since))}
    if not since_time:
        return {}
    try:
        aware = datetime.fromisoformat(since_time).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise errors.UsageError(f'"{since_time}" is no time like 2026-05-01T12:30:00Z')
    return {"sinceTime": since_time}


def _limits(tail: int, limit_bytes: int) -> dict[str, str]:
    """How much at most. Raises UsageError."""
    if tail < _ALL:
        raise errors.UsageError("--tail must be greater than or equal to -1")
    if limit_bytes < 0:
        raise errors.UsageError("--limit-bytes must be greater than 0")
    limits = {"tailLines": str(tail)} if tail != _ALL else {}
    return {**limits, "limitBytes": str(limit_bytes)} if limit_bytes else limits


def _pods(server: http.Server, namespace: str, pod: str | None, labels: str) -> list[dict[str, Any]]:
    if pod:
        return [resources.get(server, podcontainers.POD, namespace, targets.pod_name(pod))]
    selection = resources.Selection(labels)
    found: list[dict[str, Any]] = resources.listing(server, podcontainers.POD, namespace, selection)["items"]
    return found


def _containers(pod: dict[str, Any], asked: str, all_of_them: bool) -> Sequence[str]:
    if all_of_them:
        return podcontainers.names(pod)
    choice = podcontainers.choose(pod, asked)
    if choice.notice:
        click.echo(choice.notice, err=True)
    return [choice.container["name"]]


def _source(pod: dict[str, Any], container: str, *, prefix: bool) -> logreading.Source:
    metadata = pod["metadata"]
    before = f"[pod/{metadata['name']}/{container}] ".encode() if prefix else b""
    return logreading.Source(metadata["namespace"], metadata["name"], container, before)
