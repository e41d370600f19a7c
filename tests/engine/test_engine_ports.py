import pytest

from podrunner import errors
from podrunner.engine import ports
from podrunner.objects import container, pod

HTTP = ports.Published(container_port=80, host_port=8080)


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("8080:80", [HTTP]),
        ("9090", [ports.Published(container_port=9090, host_port=9090)]),
        (":80", [ports.Published(container_port=80, host_port=0)]),
        ("8080:80, 9090", [HTTP, ports.Published(container_port=9090, host_port=9090)]),
        ("", []),
    ],
)
def test_ports_to_publish_are_written_as_for_port_forward(text: str, published: list[ports.Published]) -> None:
    assert list(ports.parse(text)) == published


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http", "invalid port 'http': must be [HOST:]PORT, as in 8080:80"),
        ("1:2:3", "invalid port '1:2:3': must be [HOST:]PORT, as in 8080:80"),
        ("8080:", "invalid port '8080:': must be [HOST:]PORT, as in 8080:80"),
        ("0", "invalid port '0': must be between 1 and 65535, inclusive"),
        ("70000:80", "invalid port '70000:80': must be between 1 and 65535, inclusive"),
        ("80:65536", "invalid port '80:65536': must be between 1 and 65535, inclusive"),
    ],
)
def test_what_is_no_port_is_refused(text: str, problem: str) -> None:
    with pytest.raises(errors.UsageError) as refused:
        ports.parse(text)
    assert str(refused.value) == problem


def test_only_host_ports_of_the_spec_are_published() -> None:
    spec = pod.PodSpec(
        containers=(
            container.Container(
                name="web",
                ports=(
                    container.ContainerPort(container_port=80),
                    container.ContainerPort(container_port=443, host_port=8443, protocol="TCP", host_ip="127.0.0.1"),
                    container.ContainerPort(container_port=53, host_port=5353, protocol="UDP"),
                ),
            ),
        )
    )
    assert ports.of_spec(pod.Pod(spec=spec)) == (
        ports.Published(container_port=443, host_port=8443, host_ip="127.0.0.1"),
        ports.Published(container_port=53, host_port=5353, protocol="UDP"),
    )


def test_one_port_may_be_published_twice() -> None:
    twice = (HTTP, ports.Published(container_port=80, host_port=0, host_ip="::1"))
    assert ports.exposed(twice) == {"80/tcp": {}}
    assert ports.bindings(twice) == {"80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::1", "HostPort": ""}]}
