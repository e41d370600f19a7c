"""When a container that ended is started again. Pure; performs no I/O.

The rules and figures are the kubelet's: `ContainerShouldRestart` in pkg/api/v1/pod/util.go, and the back-off of
pkg/kubelet/kuberuntime (`doBackOff`): the first restart at once, then 10 s doubling to 300 s.
"""

from datetime import timedelta
from enum import StrEnum

from podrunner.objects.container import Container, ContainerRestartRule
from podrunner.objects.pod import Pod
from podrunner.pods import spec

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(seconds=300)
RESET_AFTER = timedelta(minutes=10)


class Action(StrEnum):
    """What one of a container's own rules asks for when the container has ended."""

    RESTART = "Restart"
    RESTART_ALL_CONTAINERS = "RestartAllContainers"


def policy(pod: Pod, container: Container) -> str:
    """Always, OnFailure or Never: the container's own policy, else the pod's."""
    return container.restart_policy or pod.spec.restart_policy


def wanted(pod: Pod, container: Container, exit_code: int) -> bool:
    """Whether a container that ended with `exit_code` is started again: by its rules, else by its policy.

    An init container other than a sidecar has done its work once it has succeeded.
    """
    initializes = spec.kind(pod, container.name) is spec.Kind.INIT
    if initializes and (exit_code == 0 or spec.fails_fast(pod)):
        return False
    if action(container, exit_code) is not None:
        return True
    applied = policy(pod, container)
    return applied == "Always" or (applied == "OnFailure" and exit_code != 0)


def action(container: Container, exit_code: int) -> Action | None:
    """What the first of the container's rules that speaks of `exit_code` asks for; None if none does."""
    matching = (rule for rule in container.restart_policy_rules if _matches(rule, exit_code))
    first = next(matching, None)
    return None if first is None else Action(first.action)


def _matches(rule: ContainerRestartRule, exit_code: int) -> bool:
    if rule.exit_codes is None:
        return False
    return (exit_code in rule.exit_codes.values) == (rule.exit_codes.operator == "In")


def delay(restart: int, ran: timedelta) -> timedelta:
    """How long after its end a container waits for its `restart`-th restart (1 is the first), having run for `ran`.

    A run of ten minutes or more forgets what was before.
    """
    if restart <= 1 or ran >= RESET_AFTER:
        return timedelta(0)
    return _doubled(restart - 2)


def pull_delay(failures: int) -> timedelta:
    """How long an image is not pulled again after its `failures`-th failure in a row (1 is the first)."""
    return _doubled(failures - 1)


def _doubled(times: int) -> timedelta:
    # 10 s doubled five times passes the longest; a larger exponent would only overflow.
    return min(FIRST_DELAY * (1 << min(times, 5)), LONGEST_DELAY)


def text(duration: timedelta) -> str:
    """Whole seconds as Go prints a duration: `40s`, `2m40s`, `5m0s`."""
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
