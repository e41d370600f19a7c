"""Plain data to typed objects: Kubernetes' leniencies, and every fault with its path."""

from typing import Any

import pytest

from podrunner.objects import config, container, decode, meta, pod


def faults(data: dict[str, Any]) -> list[str]:
    return [str(error) for error in decode.decode(data, pod.Pod).problems]


def container_faults(**fields: Any) -> list[str]:
    return faults({"spec": {"containers": [fields]}})


def test_null_is_absent_and_in_a_map_the_empty_value() -> None:
    data = {
        "metadata": {"name": "a", "labels": {"role": None}, "annotations": None, "creationTimestamp": None},
        "spec": {"containers": [{"name": "a", "args": ["x", None], "ports": None, "livenessProbe": None}]},
        "status": None,
    }
    decoded = decode.decode(data, pod.Pod)
    assert decoded.problems == []
    assert decoded.object == pod.Pod(
        metadata=meta.ObjectMeta(name="a", labels={"role": ""}),
        spec=pod.PodSpec(containers=(container.Container(name="a", args=("x", "")),)),
    )


def test_quantities_may_be_numbers() -> None:
    limits = {"cpu": 2, "memory": 1000000, "ephemeral-storage": 0.5}
    decoded = decode.decode({"spec": {"containers": [{"resources": {"limits": limits}}]}}, pod.Pod)
    assert decoded.problems == []
    assert decoded.object.spec.containers[0].resources.limits == {
        "cpu": "2",
        "memory": "1000000",
        "ephemeral-storage": "0.5",
    }


def test_a_port_to_ask_is_a_number_or_a_name() -> None:
    for port in (8080, "http"):
        data = {"spec": {"hostNetwork": None, "containers": [{"livenessProbe": {"tcpSocket": {"port": port}}}]}}
        probe = decode.decode(data, pod.Pod).object.spec.containers[0].liveness_probe
        assert probe is not None
        assert probe.tcp_socket == container.TCPSocketAction(port=port)
    (fault,) = container_faults(livenessProbe={"tcpSocket": {"port": 1.5}})
    assert fault.endswith("tcpSocket.port: Invalid value: 1.5: must be an integer or a string, not a number")


def test_base64_may_have_line_breaks() -> None:
    decoded = decode.decode({"data": {"a": "aGVs\nbG8=\n", "b": "%%%"}}, config.Secret)
    assert decoded.object.data == {"a": b"hello"}
    assert [str(error) for error in decoded.errors] == ["data[b]: Invalid value: must be base64 (see stringData)"]


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"env": [{"name": "A", "value": 8080}]}, "env[0].value", "8080: must be a string, put it in quotes"),
        ({"env": [{"name": True}]}, "env[0].name", "true: must be a string, put it in quotes"),
        ({"command": "sleep 5"}, "command", '"sleep 5": must be a list, not a string'),
        ({"args": ["a", ["b"]]}, "args[1]", "must be a string, not a list"),
        ({"env": {"A": "b"}}, "env", "must be a list, not a mapping"),
        ({"stdin": "yes"}, "stdin", '"yes": must be true or false, not a string'),
        ({"ports": [{"hostPort": "80"}]}, "ports[0].hostPort", '"80": must be an integer, not a string'),
        (
            {"ports": [{"hostPort": 2**40}]},
            "ports[0].hostPort",
            "1099511627776: must be between -2147483648 and 2147483647, inclusive",
        ),
        ({"resources": {"limits": {"cpu": True}}}, "resources.limits[cpu]", "true: must be a quantity, not a boolean"),
        ({"resources": []}, "resources", "must be a mapping, not a list"),
    ],
)
def test_a_wrong_type_is_named_with_the_right_one(fields: dict[str, Any], path: str, message: str) -> None:
    assert container_faults(**fields) == [f"spec.containers[0].{path}: Invalid value: {message}"]


def test_a_time_needs_a_time_zone() -> None:
    (fault,) = faults({"metadata": {"creationTimestamp": "2026-01-02T03:04:05"}})
    assert fault == (
        'metadata.creationTimestamp: Invalid value: "2026-01-02T03:04:05": '
        "must be a time as RFC 3339 writes it: 2006-01-02T15:04:05Z"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("imagee", "image"),
        ("imgae", "image"),
        ("image_pull_policy", "imagePullPolicy"),
        ("ImagePullPolicy", "imagePullPolicy"),
        ("livenesProbe", "livenessProbe"),
        ("volumesMount", "volumeMounts"),
        ("tyy", "tty"),
        ("xy", None),
        ("replicas", None),
        ("comand", "command"),
    ],
)
def test_an_unknown_field_suggests_a_near_one(name: str, meant: str | None) -> None:
    hint = f': did you mean "{meant}"?' if meant else ""
    assert container_faults(**{name: 1}) == [f"spec.containers[0].{name}: Unknown field{hint}"]


def test_unknown_fields_are_told_apart_for_a_lenient_reader() -> None:
    decoded = decode.decode({"metadata": {"name": "a"}, "extra": 1, "spec": {"more": 2}}, pod.Pod)
    assert decoded.object == pod.Pod(metadata=meta.ObjectMeta(name="a"))
    assert decoded.errors == []
    assert [error.path for error in decoded.unknown] == ["extra", "spec.more"]


@pytest.mark.parametrize("data", [None, 3, "text", [1], {}])
def test_no_data_makes_decoding_raise(data: Any) -> None:
    assert decode.decode(data, pod.Pod).object == pod.Pod()
