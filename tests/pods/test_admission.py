"""Pods that the node rejects: they have failed before anything of them was made."""

from typing import Any

import pytest

import pod_cases
from pod_cases import planned, see
from podrunner.objects import decode, pod
from podrunner.pods import admission, memory, plan
from podrunner.pods.configuration import Configuration

UNCONFINED, LOADED = {"type": "Unconfined"}, {"type": "Localhost", "localhostProfile": "mine"}


def a_pod(own: dict[str, Any] | None = None, of_pod: dict[str, Any] | None = None, **spec: Any) -> pod.Pod:
    main = {"name": "main", "image": "nginx", "securityContext": own or {}}
    document = {"metadata": {"name": "web"}, "spec": {"containers": [main], "securityContext": of_pod or {}, **spec}}
    decoded = decode.decode(document, pod.Pod)
    assert decoded.problems == []
    assert isinstance(decoded.object, pod.Pod)
    return decoded.object


def sysctls(*names: str) -> dict[str, Any]:
    return {"sysctls": [{"name": name, "value": "1"} for name in names]}


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (a_pod(os={"name": "linux"}), None),
        (
            a_pod(os={"name": "windows"}),
            ("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"),
        ),
        (a_pod(of_pod=sysctls("net.ipv4.tcp_syncookies", "net/ipv4/ip_local_port_range")), None),
        (
            a_pod(of_pod=sysctls("net.ipv4.tcp_syncookies", "kernel/msgmax")),
            ("SysctlForbidden", 'forbidden sysctl: "kernel.msgmax" not allowlisted'),
        ),
        (a_pod(of_pod={"supplementalGroupsPolicy": "Merge"}), None),
        (a_pod(of_pod={"supplementalGroupsPolicy": "Strict", "runAsGroup": 7}), None),
        (a_pod({"runAsGroup": 7}, {"supplementalGroupsPolicy": "Strict"}), None),
        (
            a_pod(of_pod={"supplementalGroupsPolicy": "Strict"}),
            (
                "SupplementalGroupsPolicyNotSupported",
                "SupplementalGroupsPolicy=Strict is not supported in this node",
            ),
        ),
        (a_pod({"appArmorProfile": UNCONFINED}, {"appArmorProfile": LOADED}), None),
        (
            a_pod(of_pod={"appArmorProfile": {"type": "RuntimeDefault"}}),
            ("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host"),
        ),
    ],
)
def test_a_pod_is_rejected_for_what_the_node_can_not_do(subject: pod.Pod, expected: tuple[str, str] | None) -> None:
    assert admission.rejection(subject, Configuration(app_armor=False)) == expected


def test_app_armor_is_left_to_an_engine_that_has_it() -> None:
    assert admission.rejection(a_pod({"appArmorProfile": LOADED}), Configuration(app_armor=True)) is None


def test_a_rejected_pod_is_told_of_and_has_failed_without_anything_made() -> None:
    forbidden = a_pod(of_pod=sysctls("kernel.msgmax"))
    assert planned(see(pod=forbidden)) == "ReportEnd pod: the node rejects the pod"
    said = memory.reported(pod_cases.remembering(), plan.ReportEnd(cause="", reason="", message=""))
    told = see(pod=forbidden, memory=said)
    assert planned(told) == ""
    status = pod_cases.reported(told).status
    assert (status.phase, status.reason) == ("Failed", "SysctlForbidden")
    assert status.message == 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'
    assert status.container_statuses == ()


def test_a_rejected_pod_has_not_failed_before_that_was_told() -> None:
    status = pod_cases.reported(see(pod=a_pod(of_pod=sysctls("kernel.msgmax")))).status
    assert (status.phase, status.reason) == ("Pending", "")


def test_a_pod_that_has_begun_is_not_rejected() -> None:
    subject = see(pod_cases.sandbox(), pod=a_pod(of_pod=sysctls("kernel.msgmax")))
    assert "Report" not in planned(subject)
