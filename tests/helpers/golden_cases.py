"""What a real kubelet showed (Kubernetes 1.20 on Docker Engine 20.10) for small pods.

`rows` are kubectl's READY, STATUS and RESTARTS as recorded; those with a + are ours alone: each is shorter than the
second between two looks of the kubelet; those with a - are not shown any more: newer API servers call a pod that has
ended by how it ended, also while it is deleted. `final` is what was reported just before the deletion (PodScheduled is
always True, and ContainersReady like Ready).
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from model_engine import ImageSource, Run
from model_node import Node

UP = Run(heeds=0.1, code_on_term=0)
MISSING = Run(starts=False)


class Case(NamedTuple):
    """A pod whose containers do this when they run, deleted after so many seconds."""

    name: str
    delete_at: float
    rows: str
    final: str
    mains: Mapping[str, Run]
    inits: Mapping[str, Run] = MappingProxyType({})
    policy: str = "Always"
    pull_policy: str = "IfNotPresent"
    image: ImageSource = ImageSource()
    happening: tuple[float, Callable[[Node], None]] | None = None


def kill(name: str, code: int, node: Node) -> None:
    """Ends the container as a signal would that someone sends it."""
    newest = node.engine.has.latest(name)
    assert newest is not None
    node.engine.exit(newest.id, code)


def kill_sandbox(node: Node) -> None:
    sandbox = node.engine.has.sandbox
    assert sandbox is not None
    node.engine.kill(sandbox.id, "SIGKILL")


CASES = [
    Case(
        name="a-quick-inits",
        inits={"init-1": Run(lasts=0.05), "init-2": Run(lasts=0.05)},
        mains={"main-1": UP, "main-2": UP},
        delete_at=9.4,
        rows="""
            0/2 Init:0/2 0
            0/2 Init:1/2 0
            0/2 PodInitializing 0
            2/2 Running 0
            2/2 Terminating 0
            + 1/2 Terminating 0
            0/2 Terminating 0
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready True
            init-1: ready, 0 restarts, terminated Completed 0
            init-2: ready, 0 restarts, terminated Completed 0
            main-1: ready, 0 restarts, running
            main-2: ready, 0 restarts, running
        """,
    ),
    Case(
        name="b-kubia-init",
        inits={"init-demo": Run(lasts=5), "network-check": Run(lasts=1)},
        mains={"kubia": UP, "envoy": UP},
        delete_at=15.8,
        rows="""
            0/2 Init:0/2 0
            0/2 Init:1/2 0
            0/2 PodInitializing 0
            2/2 Running 0
            2/2 Terminating 0
            + 1/2 Terminating 0
            0/2 Terminating 0
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready True
            init-demo: ready, 0 restarts, terminated Completed 0
            network-check: ready, 0 restarts, terminated Completed 0
            envoy: ready, 0 restarts, running
            kubia: ready, 0 restarts, running
        """,
    ),
    Case(
        name="c-init-fail-never",
        inits={"ok": Run(lasts=0.05), "bad": Run(lasts=0.05, code=3), "after": Run(lasts=0.05)},
        mains={"main": UP},
        policy="Never",
        delete_at=7.8,
        rows="""
            0/1 Init:0/3 0
            0/1 Init:1/3 0
            0/1 Init:Error 0
            - 0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Failed
            Initialized False ContainersNotInitialized: containers with incomplete status: [bad after]
            Ready False ContainersNotReady: containers with unready status: [main]
            ok: ready, 0 restarts, terminated Completed 0
            bad: not ready, 0 restarts, terminated Error 3
            after: not ready, 0 restarts, waiting PodInitializing
            main: not ready, 0 restarts, waiting PodInitializing
        """,
    ),
    Case(
        # Recorded a moment before the last back-off was reported, hence without its row and its reason.
        name="d-init-fail-always",
        inits={"bad": Run(lasts=0.05, code=1), "after": Run(lasts=0.05)},
        mains={"main": UP},
        delete_at=101.3,
        rows="""
            0/1 Init:0/2 0
            0/1 Init:Error 0
            0/1 Init:Error 1
            0/1 Init:CrashLoopBackOff 1
            0/1 Init:Error 2
            0/1 Init:CrashLoopBackOff 2
            0/1 Init:Error 3
            0/1 Init:CrashLoopBackOff 3
            0/1 Init:Error 4
            + 0/1 Init:CrashLoopBackOff 4
            0/1 Terminating 4
            DELETED
        """,
        final="""
            phase Pending
            Initialized False ContainersNotInitialized: containers with incomplete status: [bad after]
            Ready False ContainersNotReady: containers with unready status: [main]
            bad: not ready, 4 restarts, waiting CrashLoopBackOff: back-off 1m20s restarting failed container=bad \
pod=kubia-init_default(1234); before: terminated Error 1
            after: not ready, 0 restarts, waiting PodInitializing
            main: not ready, 0 restarts, waiting PodInitializing
        """,
    ),
    Case(
        name="f-exit0-always",
        mains={"main": Run(lasts=2)},
        delete_at=70.0,
        rows="""
            0/1 ContainerCreating 0
            1/1 Running 0
            0/1 Completed 0
            1/1 Running 1
            0/1 Completed 1
            0/1 CrashLoopBackOff 1
            1/1 Running 2
            0/1 Completed 2
            0/1 CrashLoopBackOff 2
            1/1 Running 3
            0/1 Completed 3
            0/1 CrashLoopBackOff 3
            0/1 Terminating 3
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 3 restarts, waiting CrashLoopBackOff: back-off 40s restarting failed container=main \
pod=kubia-init_default(1234); before: terminated Completed 0
        """,
    ),
    Case(
        name="f-exit0-onfailure",
        mains={"main": Run(lasts=2)},
        policy="OnFailure",
        delete_at=6.9,
        rows="""
            0/1 ContainerCreating 0
            1/1 Running 0
            0/1 Completed 0
            - 0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Succeeded
            Initialized True PodCompleted
            Ready False PodCompleted
            main: not ready, 0 restarts, terminated Completed 0
        """,
    ),
    Case(
        name="f-exit1-never",
        mains={"main": Run(lasts=2, code=1)},
        policy="Never",
        delete_at=6.3,
        rows="""
            0/1 ContainerCreating 0
            1/1 Running 0
            0/1 Error 0
            - 0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Failed
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, terminated Error 1
        """,
    ),
    Case(
        name="f-instant-exit1-always",
        mains={"main": Run(lasts=0, code=1)},
        delete_at=60.9,
        rows="""
            0/1 ContainerCreating 0
            0/1 Error 0
            0/1 Error 1
            0/1 CrashLoopBackOff 1
            0/1 Error 2
            0/1 CrashLoopBackOff 2
            0/1 Error 3
            0/1 CrashLoopBackOff 3
            0/1 Terminating 3
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 3 restarts, waiting CrashLoopBackOff: back-off 40s restarting failed container=main \
pod=kubia-init_default(1234); before: terminated Error 1
        """,
    ),
    Case(
        name="g-invalid-name",
        mains={"main": UP},
        image=ImageSource(invalid="invalid reference format"),
        delete_at=36.9,
        rows="""
            0/1 ContainerCreating 0
            0/1 InvalidImageName 0
            0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Pending
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, waiting InvalidImageName: invalid reference format
        """,
    ),
    Case(
        name="g-missing-image",
        mains={"main": UP},
        image=ImageSource(present=False, failing_pulls=9),
        delete_at=68.0,
        rows="""
            0/1 ContainerCreating 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Pending
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, waiting ImagePullBackOff: Back-off pulling image "busybox:1.36"
        """,
    ),
    Case(
        name="g-missing-image-never-restart",
        mains={"main": UP},
        policy="Never",
        image=ImageSource(present=False, failing_pulls=9),
        delete_at=26.0,
        rows="""
            0/1 ContainerCreating 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Pending
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, waiting ImagePullBackOff: Back-off pulling image "busybox:1.36"
        """,
    ),
    Case(
        name="g-pull-always-present",
        mains={"main": UP},
        pull_policy="Always",
        image=ImageSource(failing_pulls=9),
        delete_at=26.0,
        rows="""
            0/1 ContainerCreating 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 ErrImagePull 0
            0/1 ImagePullBackOff 0
            0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Pending
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, waiting ImagePullBackOff: Back-off pulling image "busybox:1.36"
        """,
    ),
    Case(
        name="g-pull-never",
        mains={"main": UP},
        pull_policy="Never",
        image=ImageSource(present=False),
        delete_at=36.8,
        rows="""
            0/1 ContainerCreating 0
            0/1 ErrImageNeverPull 0
            0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Pending
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, waiting ErrImageNeverPull: Container image "busybox:1.36" is not present with \
pull policy of Never
        """,
    ),
    Case(
        name="h-command-not-found-always",
        mains={"main": MISSING},
        delete_at=61.1,
        rows="""
            0/1 ContainerCreating 0
            0/1 RunContainerError 0
            0/1 RunContainerError 1
            + 0/1 CrashLoopBackOff 1
            0/1 RunContainerError 2
            0/1 CrashLoopBackOff 2
            0/1 RunContainerError 3
            0/1 CrashLoopBackOff 3
            0/1 Terminating 3
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 3 restarts, waiting CrashLoopBackOff: back-off 40s restarting failed container=main \
pod=kubia-init_default(1234); before: terminated ContainerCannotRun 127: no such file or directory
        """,
    ),
    Case(
        name="h-init-command-not-found",
        inits={"init": MISSING},
        mains={"main": UP},
        delete_at=25.0,
        rows="""
            0/1 Init:0/1 0
            0/1 Init:RunContainerError 0
            0/1 Init:RunContainerError 1
            0/1 Init:CrashLoopBackOff 1
            0/1 Init:RunContainerError 2
            0/1 Init:CrashLoopBackOff 2
            0/1 Terminating 2
            DELETED
        """,
        final="""
            phase Pending
            Initialized False ContainersNotInitialized: containers with incomplete status: [init]
            Ready False ContainersNotReady: containers with unready status: [main]
            init: not ready, 2 restarts, waiting CrashLoopBackOff: back-off 20s restarting failed container=init \
pod=kubia-init_default(1234); before: terminated ContainerCannotRun 127: no such file or directory
            main: not ready, 0 restarts, waiting PodInitializing
        """,
    ),
    Case(
        name="p-delete-during-init",
        inits={"init": UP, "init-2": Run(lasts=0.05)},
        mains={"main": UP},
        delete_at=7.2,
        rows="""
            0/1 Init:0/2 0
            0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Pending
            Initialized False ContainersNotInitialized: containers with incomplete status: [init init-2]
            Ready False ContainersNotReady: containers with unready status: [main]
            init: not ready, 0 restarts, running
            init-2: not ready, 0 restarts, waiting PodInitializing
            main: not ready, 0 restarts, waiting PodInitializing
        """,
    ),
    Case(
        name="q-sigkill-always",
        mains={"main": UP},
        happening=(5, functools.partial(kill, "main", 137)),
        delete_at=26.5,
        rows="""
            0/1 ContainerCreating 0
            1/1 Running 0
            0/1 Error 0
            1/1 Running 1
            1/1 Terminating 1
            0/1 Terminating 1
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready True
            main: ready, 1 restarts, running; before: terminated Error 137
        """,
    ),
    Case(
        name="q-sigterm-default-never",
        mains={"main": Run(heeds=None)},
        policy="Never",
        happening=(9, functools.partial(kill, "main", 130)),
        delete_at=12.6,
        rows="""
            0/1 ContainerCreating 0
            1/1 Running 0
            0/1 Error 0
            - 0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Failed
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [main]
            main: not ready, 0 restarts, terminated Error 130
        """,
    ),
    Case(
        name="r-one-completes-always",
        mains={"short": Run(lasts=3), "long": UP},
        delete_at=36.0,
        rows="""
            0/2 ContainerCreating 0
            2/2 Running 0
            1/2 NotReady 0
            2/2 Running 1
            1/2 NotReady 1
            1/2 CrashLoopBackOff 1
            2/2 Running 2
            1/2 NotReady 2
            1/2 CrashLoopBackOff 2
            1/2 Terminating 2
            0/2 Terminating 2
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready False ContainersNotReady: containers with unready status: [short]
            long: ready, 0 restarts, running
            short: not ready, 2 restarts, waiting CrashLoopBackOff: back-off 20s restarting failed container=short \
pod=kubia-init_default(1234); before: terminated Completed 0
        """,
    ),
    Case(
        name="r-one-completes-never",
        mains={"short": Run(lasts=3), "long": Run(lasts=14)},
        policy="Never",
        delete_at=20.4,
        rows="""
            0/2 ContainerCreating 0
            2/2 Running 0
            1/2 NotReady 0
            0/2 Completed 0
            - 0/2 Terminating 0
            DELETED
        """,
        final="""
            phase Succeeded
            Initialized True PodCompleted
            Ready False PodCompleted
            long: not ready, 0 restarts, terminated Completed 0
            short: not ready, 0 restarts, terminated Completed 0
        """,
    ),
    Case(
        name="u-default-command",
        mains={"main": Run(lasts=0)},
        policy="Never",
        delete_at=4.6,
        rows="""
            0/1 ContainerCreating 0
            0/1 Completed 0
            - 0/1 Terminating 0
            DELETED
        """,
        final="""
            phase Succeeded
            Initialized True PodCompleted
            Ready False PodCompleted
            main: not ready, 0 restarts, terminated Completed 0
        """,
    ),
    Case(
        name="u-sandbox-killed",
        inits={"init": Run(lasts=1)},
        mains={"main": UP},
        happening=(6, kill_sandbox),
        delete_at=36.8,
        rows="""
            0/1 Init:0/1 0
            0/1 PodInitializing 0
            1/1 Running 0
            + 0/1 Init:0/1 0
            0/1 Init:0/1 1
            0/1 Completed 0
            1/1 Running 1
            1/1 Terminating 1
            0/1 Terminating 1
            DELETED
        """,
        final="""
            phase Running
            Initialized True
            Ready True
            init: ready, 1 restarts, terminated Completed 0
            main: ready, 1 restarts, running; before: terminated Completed 0
        """,
    ),
]
