"""kubectl in a namespace of a test's own, and its answers in words that are the same in every run."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

import yaml

import commandline
import kubectl_session

NAMESPACE = "shop"
"""What a test's namespace is called in what `Shell` returns."""

UPDATE_REFUSED = (
    "spec: Forbidden: pod updates may not change fields other than"
    " `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
"""Kubernetes' words where a pod's spec is changed; what differs follows them."""

_numbers = itertools.count(1)
_AGE = re.compile(r"\b(?:\d+m)?\d+s\b( *)")


class Shell:
    """kubectl in one namespace; made by `opened`."""

    def __init__(self, world: kubectl_session.KubectlWorld, namespace: str) -> None:
        self.world = world
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: Any = "", status: int = 0, environ: Mapping[str, str] = {}) -> str:
        """What `kubectl ARGUMENTS` writes, first to its output, then to its errors; see `said`.

        `stdin` is text, or an object or list of objects that kubectl gets as YAML.
        """
        given = stdin if isinstance(stdin, str) else manifests(stdin)
        done = self.world.kubectl(
            f"--namespace={self.namespace}", *arguments, stdin=given, status=status, environ=environ
        )
        return self.said(done.out + done.err)

    def said(self, text: str) -> str:
        """The text with what differs from run to run replaced, ages by `0s`, the namespace by `shop`."""
        return _AGE.sub(_zero, kubectl_session.masked(text)).replace(self.namespace, NAMESPACE)

    def run_pod(self, name: str = "web", **fields: Any) -> None:
        """Creates the pod and waits until it is ready."""
        self("create", "-f", "-", stdin=pod(name, **fields))
        self("wait", f"pod/{name}", "--for=condition=Ready")


def opened(world: kubectl_session.KubectlWorld) -> Shell:
    """kubectl in a new namespace."""
    namespace = f"{NAMESPACE}-{next(_numbers)}"
    world.kubectl("create", "namespace", namespace)
    return Shell(world, namespace)


def pod(
    name: str = "web", labels: Mapping[str, str] = {}, script: str = "sleep 1000", grace: int = 0, **spec: Any
) -> dict[str, Any]:
    """A small pod that is quick to delete."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(name, labels),
        "spec": {"terminationGracePeriodSeconds": grace, "containers": [commandline.container(script)], **spec},
    }


def config_map(name: str = "settings", labels: Mapping[str, str] = {}, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(name, labels), "data": data}


def manifests(stated: Any) -> str:
    """The object, or the objects of the list, as YAML."""
    return yaml.safe_dump_all(stated if isinstance(stated, list) else [stated])


def squeezed(table: str) -> list[str]:
    """A table's rows, one space between words: for columns whose width differs from machine to machine."""
    return [" ".join(line.split()) for line in table.splitlines()]


def _metadata(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": dict(labels)} if labels else {"name": name}


def _zero(age: re.Match[str]) -> str:
    """Keeps the columns after an age where they are."""
    return "0s" + (" " * (len(age[0]) - 2) if age[1] else "")
