"""kubectl's JSONPath templates; what is expected is what kubectl 1.37 printed for the same data."""

from typing import Any

import pytest

from podrunner.client import jsonpath

POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web", "a.b/c": "dotted"}},
    "spec": {
        "containers": [
            {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", "sleep 1"], "ports": [{"port": 80}]},
            {"name": "side", "image": "pause:3", "tty": True},
        ]
    },
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False"}],
        "restarts": [{"name": "main", "count": 0}, {"name": "side", "count": 3}],
        "owner": None,
    },
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{.metadata.name}", "web"),
        ("{$.metadata.name}{@.kind}", "webPod"),
        ("{ .metadata.name }", "web"),
        ("name: {.metadata.name}!", "name: web!"),
        ('{.metadata.name}{"\\t"}{.kind}{"\\n"}', "web\tPod\n"),
        ("{.metadata.labels.a\\.b/c}", "dotted"),
        ("{.metadata.labels['a.b/c']}", "dotted"),
        ('{.metadata.labels["app"]}', "web"),
        ("{.metadata['name','labels']}", 'web {"a.b/c":"dotted","app":"web"}'),
        ("{.metadata.labels}", '{"a.b/c":"dotted","app":"web"}'),
        ("{.metadata.labels.*}", "dotted web"),
        ("{.spec.containers[*].name}", "main side"),
        ("{.spec.containers[0].command}", '["sh","-c","sleep 1"]'),
        ("{.spec.containers[-1].name}", "side"),
        ("{.spec.containers[0].command[0:2]}", "sh -c"),
        ("{.spec.containers[0].command[-2:]}", "-c sleep 1"),
        ("{.spec.containers[0].command[0:3:2]}", "sh sleep 1"),
        ("{.spec.containers[0].command[0,2]}", "sh sleep 1"),
        ("{.spec.containers[9:].name}", ""),
        ("{..image}", "busybox:1.36 pause:3"),
        ("{.spec..port}", "80"),
        ('{.status.conditions[?(@.type=="Ready")].status}', "True"),
        ("{.status.conditions[?(@.type != 'Ready')].type}", "Initialized"),
        ("{.status.restarts[?(@.count>=1)].name}", "side"),
        ("{.status.restarts[?(@.count<3)].name}", "main"),
        ("{.spec.containers[?(@.tty)].name}", "side"),
        ("{.spec.containers[?(@.tty==true)].name}", "side"),
        ("{.spec.containers[?(@.ports[0].port==80)].name}", "main"),
        ("{range .spec.containers[*]}{.name}={.image};{end}.", "main=busybox:1.36;side=pause:3;."),
        ("{range .spec.containers[*]}{range .ports[*]}{.port} {end}{.name} {end}", "80 main side "),
        ("{range .nothing[*]}x{end}y", "y"),
        ("{.nothing.at.all}", ""),
        ("{.spec.containers[0].tty}", ""),
        ("{.spec.containers[1].tty}", "true"),
        ("{.status.restarts[1].count}", "3"),
    ],
)
def test_a_template_prints_what_it_finds(template: str, expected: str) -> None:
    assert jsonpath.Template(template).render(POD) == expected


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{.metadata", "unclosed action"),
        ("{.spec.containers[0", "unclosed action"),
        ("{end}", "not in range, nothing to end"),
        ("{range .spec.containers[*]}{.name}", "unexpected end of the template: a range has no {end}"),
        ("{foo}", "unrecognized identifier foo"),
        ("{.spec.containers[x]}", "invalid array index x"),
        ("{.spec.containers[0:1:0]}", "step must be > 0"),
        ("{.spec.containers[?(@.a=~1)]}", "unrecognized filter operator ="),
    ],
)
def test_a_template_that_cannot_be_read_is_refused(template: str, problem: str) -> None:
    with pytest.raises(jsonpath.Problem) as refused:
        jsonpath.Template(template)
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{.spec.containers[2]}", "array index out of bounds: index 2, length 2"),
        ("{.metadata.name[0]}", "web is not array or slice"),
        ('{.status.restarts[?(@.count=="3")]}', "incompatible types for comparison"),
        ("{.status[?(@.x)]}", None),
    ],
)
def test_a_template_that_does_not_fit_the_data_is_refused(template: str, problem: str | None) -> None:
    with pytest.raises(jsonpath.Problem) as refused:
        jsonpath.Template(template).render(POD)
    assert problem is None or str(refused.value) == problem


@pytest.mark.parametrize("expression", ["{.metadata.name}", ".metadata.name", "metadata.name"])
def test_a_relaxed_path_needs_neither_braces_nor_dot(expression: str) -> None:
    assert jsonpath.relaxed(expression).results(POD) == [["web"]]
