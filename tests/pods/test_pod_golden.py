"""The kubelet's recordings of `golden_cases`, replayed on the model: the same rows, the same status at the end."""

import functools

import pytest

import golden_cases
import pod_cases
from model_node import Node
from podrunner.objects.container import Container
from podrunner.objects.pod import Pod
from podrunner.objects.pod_status import ContainerState, ContainerStatus


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in golden_cases.CASES])
def test_rows_and_final_status_are_what_the_kubelet_showed(case: golden_cases.Case) -> None:
    node = Node(pod_of(case))
    node.engine.images = {"busybox:1.36": case.image}
    node.engine.runs = {name: [run] for name, run in {**case.inits, **case.mains}.items()}
    if case.happening is not None:
        node.after(case.happening[0], functools.partial(case.happening[1], node))
    final: list[str] = []
    node.after(case.delete_at, lambda: final.append(told(node.pod)))
    node.after(case.delete_at, node.delete)
    node.begin()
    node.run(until=1000, settles=1000)
    rows = [line.strip() for line in case.rows.strip().splitlines()]
    assert [*node.rows, "DELETED"] == [row.removeprefix("+ ") for row in rows if not row.startswith("- ")]
    assert node.gone
    assert final == ["\n".join(line.strip() for line in case.final.strip().splitlines())]


def pod_of(case: golden_cases.Case) -> Pod:
    return pod_cases.pod(
        inits=tuple(
            Container(name=name, image="busybox:1.36", image_pull_policy="IfNotPresent") for name in case.inits
        ),
        mains=tuple(
            Container(name=name, image="busybox:1.36", image_pull_policy=case.pull_policy) for name in case.mains
        ),
        policy=case.policy,
        grace=3,
    )


def told(pod: Pod) -> str:
    """What matters of the status, a line each."""
    lines = [f"phase {pod.status.phase}"]
    conditions = {one.type: f"{one.status} {one.reason}: {one.message}" for one in pod.status.conditions}
    assert conditions["ContainersReady"] == conditions["Ready"]
    assert conditions["PodScheduled"] == "True : "
    lines += [f"{kind} {conditions[kind]}".removesuffix(": ").rstrip() for kind in ("Initialized", "Ready")]
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    assert all(status.started is (status.state.running is not None) for status in pod.status.container_statuses)
    return "\n".join([*lines, *(_told_of_container(status) for status in statuses)])


def _told_of_container(status: ContainerStatus) -> str:
    ready = "ready" if status.ready else "not ready"
    told = f"{status.name}: {ready}, {status.restart_count} restarts, {_told_of_state(status.state)}"
    before = _told_of_state(status.last_state)
    return f"{told}; before: {before}" if before else told


def _told_of_state(state: ContainerState) -> str:
    if state.running is not None:
        return "running"
    if state.waiting is not None:
        return f"waiting {state.waiting.reason}: {state.waiting.message}".removesuffix(": ")
    if state.terminated is not None:
        ended = state.terminated
        return f"terminated {ended.reason} {ended.exit_code}: {ended.message}".removesuffix(": ")
    return ""
