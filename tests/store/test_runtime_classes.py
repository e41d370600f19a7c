"""What a RuntimeClass makes of new pods."""

from typing import Any

import pytest

from podrunner import errors
from podrunner.objects import meta
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod, PodSpec
from podrunner.objects.runtime_class import Overhead, RuntimeClass
from podrunner.store import pods
from podrunner.store.registry import Registry


def a_pod(runtime_class: str | None, **spec: Any) -> Pod:
    containers = (Container(name="main", image="nginx"),)
    about = meta.ObjectMeta(name="web", namespace="default")
    return Pod(metadata=about, spec=PodSpec(containers=containers, runtime_class_name=runtime_class, **spec))


def test_a_pod_is_refused_whose_runtime_class_is_not_there(registry: Registry) -> None:
    with pytest.raises(errors.Forbidden) as refused:
        pods.create(registry, a_pod("gvisor"))
    assert str(refused.value) == 'pods "web" is forbidden: pod rejected: RuntimeClass "gvisor" not found'
    assert pods.create(registry, a_pod(None)).spec.runtime_class_name is None


def test_the_overhead_of_the_class_is_the_pods(registry: Registry) -> None:
    overhead = Overhead(pod_fixed={"memory": "16Mi"})
    registry.create(RuntimeClass(metadata=meta.ObjectMeta(name="gvisor"), handler="runsc", overhead=overhead))
    assert pods.create(registry, a_pod("gvisor"), dry_run=True).spec.overhead == {"memory": "16Mi"}
    assert pods.create(registry, a_pod("gvisor", overhead={"memory": "8Mi"})).spec.overhead == {"memory": "8Mi"}
