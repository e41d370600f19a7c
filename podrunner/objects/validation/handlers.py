"""Probes and lifecycle hooks. Pure; performs no I/O.

Rules are `validateProbe`, `validateLifecycle` and `validateHandler` of Kubernetes' pkg/apis/core/validation.
"""

from collections.abc import Mapping

from podrunner.objects import container, pod
from podrunner.objects.fielderrors import Errors
from podrunner.objects.validation import names

_LINUX = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN "
    "SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ"
)
_REAL_TIME = [f"RTMAX-{number}" for number in range(1, 15)] + [f"RTMIN+{number}" for number in range(1, 16)]
SIGNALS = {
    "linux": sorted(f"SIG{name}" for name in [*_LINUX.split(), *_REAL_TIME]),
    "windows": ["SIGKILL", "SIGTERM"],
}


def check_probes(spec: container.Container, path: str, found: Errors) -> None:
    """Liveness and startup take one success; readiness has no grace period, for it kills nothing."""
    for name, probe in (("livenessProbe", spec.liveness_probe), ("startupProbe", spec.startup_probe)):
        if probe is not None:
            _check_probe(probe, f"{path}.{name}", found)
            if probe.success_threshold != 1:
                found.invalid(f"{path}.{name}.successThreshold", probe.success_threshold, "must be 1")
    if (readiness := spec.readiness_probe) is not None:
        _check_probe(readiness, f"{path}.readinessProbe", found)
        if (grace := readiness.termination_grace_period_seconds) is not None:
            inner = f"{path}.readinessProbe.terminationGracePeriodSeconds"
            found.invalid(inner, grace, "must not be set for readinessProbes")


def _check_probe(probe: container.Probe, path: str, found: Errors) -> None:
    handlers = {"exec": probe.exec, "httpGet": probe.http_get, "tcpSocket": probe.tcp_socket, "grpc": probe.grpc}
    _check_one_handler(handlers, path, None, found)
    for name, value in (
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ):
        if value < 0:
            found.invalid(f"{path}.{name}", value, names.NOT_NEGATIVE)
    grace = probe.termination_grace_period_seconds
    if grace is not None and grace <= 0:
        found.invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def check_lifecycle(
    lifecycle: container.Lifecycle | None, grace: int | None, os: pod.PodOS | None, path: str, found: Errors
) -> None:
    if lifecycle is None:
        return
    for name, hook in (("postStart", lifecycle.post_start), ("preStop", lifecycle.pre_stop)):
        if hook is not None:
            handlers = {"exec": hook.exec, "httpGet": hook.http_get, "tcpSocket": hook.tcp_socket, "sleep": hook.sleep}
            _check_one_handler(handlers, f"{path}.{name}", grace, found)
    if lifecycle.stop_signal is not None:
        signals = SIGNALS.get(os.name) if os else None
        if signals is None:
            found.forbidden(f"{path}.stopSignal", "may not be set for containers with empty `spec.os.name`")
        elif lifecycle.stop_signal not in signals:
            found.unsupported(f"{path}.stopSignal", lifecycle.stop_signal, signals)


def _check_one_handler(handlers: Mapping[str, object], path: str, grace: int | None, found: Errors) -> None:
    given = [name for name, handler in handlers.items() if handler is not None]
    if not given:
        found.required(path, "must specify a handler type")
        return
    for name in given[1:]:
        found.forbidden(f"{path}.{name}", "may not specify more than 1 handler type")
    inner = f"{path}.{given[0]}"
    match handlers[given[0]]:
        case container.ExecAction(command=command):
            if not command:
                found.required(f"{inner}.command")
        case container.HTTPGetAction() as http:
            _check_http(http, inner, found)
        case container.TCPSocketAction(port=port) | container.GRPCAction(port=port):
            found.invalid_each(f"{inner}.port", port, names.port_number_or_name(port))
        case container.SleepAction(seconds=seconds) if grace is not None and not 0 <= seconds <= grace:
            detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            found.invalid(inner, seconds, detail)


def _check_http(http: container.HTTPGetAction, path: str, found: Errors) -> None:
    if not http.path:
        found.required(f"{path}.path")
    found.invalid_each(f"{path}.port", http.port, names.port_number_or_name(http.port))
    if http.scheme not in ("HTTP", "HTTPS"):
        found.unsupported(f"{path}.scheme", http.scheme, ("HTTP", "HTTPS"))
    for index, header in enumerate(http.http_headers):
        at = f"{path}.httpHeaders[{index}].name"
        found.invalid_each(f"{path}.httpHeaders", header.name, names.header_name(header.name), at=at)
