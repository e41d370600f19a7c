"""When a container that ended is started again. Pure; performs no I/O.

The rules and figures are the kubelet's: `ShouldContainerBeRestarted` in pkg/kubelet/container/helpers.go, and the
back-off of pkg/kubelet/kuberuntime (`doBackOff`): the first restart at once, then 10 s doubling to 300 s.
"""

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(seconds=300)
RESET_AFTER = timedelta(minutes=10)


def wanted(policy: str, exit_code: int) -> bool:
    """Whether `policy` (Always, OnFailure, Never) starts a container again that ended with `exit_code`."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


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
