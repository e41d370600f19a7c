"""How soon podrunner goes on: from the last init container's exit to the mains' start, and when a pod is deleted.

    python bench/lifecycle.py [--rounds 15]

Starts: by the engine's own times, podrunner's and those of the same calls made by docker-py alone, in alternation. What
podrunner adds may be 0.25 s (median). Deletions: in a pull, a hook, a back-off and a stop, from the request to what the
engine tells of the pod's containers first (a signal, an end, a removal), or to the end of a pod that has none; each may
take 0.5 s (the longest).
"""

import argparse
import contextlib
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import workbench
from podrunner import errors
from podrunner.client import api
from podrunner.client.actions import PodRef

EXTRA_SECONDS = 0.25
REACTION_SECONDS = 0.5
DELETIONS = 5
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
STUBBORN = "trap '' TERM; while :; do sleep 0.1; done"


def main() -> int:
    """Prints the figures; exit status 1 if a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    with _Bench() as bench:
        holds = _print_starts(bench.starts(rounds))
        for name, seconds in bench.deletions():
            good = max(seconds) <= REACTION_SECONDS
            holds = holds and good
            told = f"median {statistics.median(seconds):.3f} s   longest {max(seconds):.3f} s"
            print(f"deleted in {name:10} {told}   {'holds' if good else 'EXCEEDED'}")  # noqa: T201
    return 0 if holds else 1


def _print_starts(figures: dict[str, list[float]]) -> bool:
    medians = {name: statistics.median(seconds) for name, seconds in figures.items()}
    extra = medians["podrunner"] - medians["bare"]
    good = extra <= EXTRA_SECONDS
    for name, median in medians.items():
        print(f"exit to starts, {name:9} median {median:.3f} s")  # noqa: T201
    print(f"podrunner adds {extra:.3f} s   (at most {EXTRA_SECONDS}: {'holds' if good else 'EXCEEDED'})")  # noqa: T201
    return good


class _Bench(workbench.Workbench):
    ACTIONS = ("kill", "die", "destroy")

    def __enter__(self) -> "_Bench":
        super().__enter__()
        return self

    def starts(self, rounds: int) -> dict[str, list[float]]:
        """Seconds by name, after one round that warms everything up."""
        figures: dict[str, list[float]] = {"bare": [], "podrunner": []}
        for count in range(rounds + 1):
            for name, measured in (("bare", self._bare), ("podrunner", self._podrunner)):
                seconds = measured()
                if count:
                    figures[name].append(seconds)
        return figures

    def _podrunner(self) -> float:
        init = {"name": "init", "image": workbench.IMAGE, "command": ["usleep", "200000"]}
        mains = [{"name": f"main-{n}", "image": workbench.IMAGE, "command": ["sleep", "60"]} for n in (1, 2)]
        self.create_of("starts", initContainers=[init], containers=mains, terminationGracePeriodSeconds=0)
        self.await_phase("starts", "Running")
        took = self._took("init", "main-1", "main-2")
        self._end("starts")
        return took

    def _took(self, init: str, *mains: str) -> float:
        states = {}
        for listed in self.engine.containers(all=True, filters={"label": "io.kubernetes.pod.name=starts"}):
            facts = self.engine.inspect_container(listed["Id"])
            states[facts["Config"]["Labels"]["io.kubernetes.container.name"]] = facts["State"]
        return _between(states[init], *(states[name] for name in mains))

    def _bare(self) -> float:
        """In one network too: to make one takes the engine longer than all the rest."""
        shared = self.engine.create_host_config(ipc_mode="shareable")
        sandbox = self.engine.create_container(workbench.IMAGE, ["sleep", "600"], host_config=shared)["Id"]
        self.engine.start(sandbox)
        joined = self.engine.create_host_config(network_mode=f"container:{sandbox}", ipc_mode=f"container:{sandbox}")
        init = self.engine.create_container(workbench.IMAGE, ["usleep", "200000"], host_config=joined)["Id"]
        self.engine.start(init)
        self.engine.wait(init)
        made: list[str] = []

        def start() -> None:
            main = self.engine.create_container(workbench.IMAGE, ["sleep", "60"], host_config=joined)["Id"]
            made.append(main)
            self.engine.start(main)

        mains = [threading.Thread(target=start) for _ in range(2)]
        for each in mains:
            each.start()
        for each in mains:
            each.join()
        took = _between(*(self.engine.inspect_container(each)["State"] for each in (init, *made)))
        for each in (init, *made, sandbox):
            self.engine.remove_container(each, force=True)
        return took

    def deletions(self) -> Iterator[tuple[str, list[float]]]:
        """Of each moment in which a pod is deleted, the seconds of some."""
        hook = {"exec": {"command": ["sleep", "60"]}}
        with workbench.registry_that_never_answers() as host:
            cases: dict[str, tuple[Callable[[str], object], Callable[[str], bool]]] = {
                "pull": (lambda name: self.create(name, "true", image=f"{host}/never:1"), self._has_sandbox),
                "postStart": (
                    lambda name: self.create(name, FOREVER, grace=5, lifecycle={"postStart": hook}),
                    self._runs,
                ),
                "preStop": (lambda name: self._stopping(name, FOREVER, lifecycle={"preStop": hook}), self._runs),
                "back-off": (self._crashing, self._waits),
                "stop": (lambda name: self._stopping(name, STUBBORN), self._runs),
            }
            for case, (make, is_there) in cases.items():
                yield case, [self._deletion(f"{case.lower()}-{n}", make, is_there) for n in range(DELETIONS)]

    def _deletion(self, name: str, make: Callable[[str], object], is_there: Callable[[str], bool]) -> float:
        make(name)
        while not is_there(name):
            time.sleep(0.02)
        time.sleep(0.3)
        while not self.reported.empty():
            self.reported.get()
        asked = time.time()
        self.delete(PodRef("default", name), grace=0 if name.startswith(("prestop", "stop")) else 2)
        while True:
            event: dict[str, Any] = self.reported.get(timeout=30)
            if event["Actor"]["Attributes"].get("io.kubernetes.pod.name") == name:
                break
        self._end(name)
        return float(event["timeNano"]) / 1e9 - asked

    def _stopping(self, name: str, script: str, **fields: Any) -> None:
        """A pod that is being deleted, and has a minute for it."""
        self.create(name, script, grace=60, **fields)
        self.await_phase(name, "Running")
        self.delete(PodRef("default", name), grace=60)

    def _crashing(self, name: str) -> None:
        main = {"name": "main", "image": workbench.IMAGE, "command": ["false"]}
        self.create_of(name, restartPolicy="Always", containers=[main], terminationGracePeriodSeconds=5)

    def _waits(self, name: str) -> bool:
        statuses = api.get_pod(self.server, PodRef("default", name)).status.container_statuses
        return any(each.state.waiting and each.state.waiting.reason == "CrashLoopBackOff" for each in statuses)

    def _has_sandbox(self, name: str) -> bool:
        return len(self._running(name)) == 1

    def _runs(self, name: str) -> bool:
        return len(self._running(name)) > 1

    def _running(self, name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.engine.containers(filters={"label": f"io.kubernetes.pod.name={name}"})
        return listed

    def _end(self, name: str) -> None:
        self.delete(PodRef("default", name))
        with contextlib.suppress(errors.NotFound):
            while True:
                api.get_pod(self.server, PodRef("default", name))
                time.sleep(0.02)


def _between(init: dict[str, Any], *mains: dict[str, Any]) -> float:
    """Seconds from the end of the first to the start of the last."""
    ended = datetime.fromisoformat(init["FinishedAt"])
    return max((datetime.fromisoformat(main["StartedAt"]) - ended).total_seconds() for main in mains)


if __name__ == "__main__":
    sys.exit(main())
