"""What a pod's volumes cost its start: five ConfigMaps and Secrets of a hundred files each.

    python bench/volumes.py [--rounds 11]

From the request to the start of the main container by the engine's own clock: the same pod with and without the
volumes, in alternation. With them it may start 0.3 s later (median).
"""

import argparse
import statistics
import sys
import time
from datetime import datetime
from typing import Any

import msgspec

import workbench
from podrunner.client.actions import PodRef

EXTRA_SECONDS = 0.3
VOLUMES = 5
FILES = 100
_KINDS = (("ConfigMap", "configmaps", "data"), ("Secret", "secrets", "stringData"))


def main() -> int:
    """Prints the figures; exit status 1 if the bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    rounds: int = parser.parse_args().rounds
    with _Bench() as bench:
        bench.create_objects()
        figures: dict[str, list[float]] = {"without": [], "with": []}
        for count in range(rounds + 1):
            for name, volumes in (("without", []), ("with", bench.volumes())):
                seconds = bench.start(volumes)
                if count:
                    figures[name].append(seconds)
    medians = {name: statistics.median(seconds) for name, seconds in figures.items()}
    extra = medians["with"] - medians["without"]
    good = extra <= EXTRA_SECONDS
    for name, median in medians.items():
        print(f"request to start, {name:7} volumes   median {median:.3f} s")  # noqa: T201
    print(f"volumes add {extra:.3f} s   (at most {EXTRA_SECONDS}: {'holds' if good else 'EXCEEDED'})")  # noqa: T201
    return 0 if good else 1


class _Bench(workbench.Workbench):
    def __enter__(self) -> "_Bench":
        super().__enter__()
        return self

    def create_objects(self) -> None:
        data = {f"file-{number}": "x" * 100 for number in range(FILES)}
        for number in range(VOLUMES):
            kind, plural, field = _KINDS[number % 2]
            body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": f"c{number}"}, field: data}
            path = f"/api/v1/namespaces/default/{plural}"
            self.server.request("POST", path, body=msgspec.json.encode(body))

    def volumes(self) -> list[dict[str, Any]]:
        sources: list[dict[str, Any]] = [
            {"configMap": {"name": f"c{number}"}} if number % 2 == 0 else {"secret": {"secretName": f"c{number}"}}
            for number in range(VOLUMES)
        ]
        return [{"name": f"v{number}", **source} for number, source in enumerate(sources)]

    def start(self, volumes: list[dict[str, Any]]) -> float:
        """Seconds from the request to the start of the main container."""
        mounts = [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in volumes]
        main = {"name": "main", "image": workbench.IMAGE, "command": ["sleep", "60"], "volumeMounts": mounts}
        began = time.time()
        self.create_of("starts", containers=[main], volumes=volumes, terminationGracePeriodSeconds=0)
        self.await_phase("starts", "Running")
        labels = ["io.kubernetes.container.name=main", "io.kubernetes.pod.name=starts"]
        (found,) = self.engine.containers(filters={"label": labels})
        started = datetime.fromisoformat(self.engine.inspect_container(found["Id"])["State"]["StartedAt"])
        self.delete(PodRef("default", "starts"))
        while self.pods():
            time.sleep(0.05)
        return started.timestamp() - began


if __name__ == "__main__":
    sys.exit(main())
