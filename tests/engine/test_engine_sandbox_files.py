import msgspec
import pytest

from podrunner.engine import sandbox_files
from podrunner.objects import container, meta, pod
from podrunner.pods import observed

NGINX = container.Container(name="nginx", termination_message_path="/dev/termination-log")
WEB = pod.Pod(metadata=meta.ObjectMeta(name="web", namespace="shop"), spec=pod.PodSpec(containers=(NGINX,)))
FILES = observed.MessageFiles(volume="v01", directory="/var/lib/v01", assigned=("init.0", "nginx.0"), has_hosts=True)


def with_spec(**changes: object) -> pod.Pod:
    return msgspec.structs.replace(WEB, spec=msgspec.structs.replace(WEB.spec, **changes))


def mounts(subject: pod.Pod = WEB, of: container.Container = NGINX, attempt: int = 0) -> dict[str, str]:
    """What is mounted, by the place where it is."""
    found = sandbox_files.mounts(subject, of, attempt, FILES, by_path=True)
    return {mount["Target"]: mount["Source"].removeprefix("/var/lib/v01/") for mount in found}


def test_a_container_finds_its_own_message_file_and_the_pods_hosts() -> None:
    assert mounts() == {"/etc/hosts": "hosts", "/dev/termination-log": "1"}
    assert mounts(attempt=1) == {"/etc/hosts": "hosts", "/dev/termination-log": "nginx.1"}
    assert mounts(of=container.Container(name="nginx")) == {"/etc/hosts": "hosts"}


def test_a_resolver_configuration_is_found_where_the_pod_asks_for_one() -> None:
    expected = {"/etc/hosts": "hosts", "/etc/resolv.conf": "resolv.conf", "/dev/termination-log": "1"}
    assert mounts(with_spec(dns_policy="None")) == expected
    assert mounts(with_spec(dns_config=pod.PodDNSConfig(searches=("a.test",)))) == expected
    assert mounts(with_spec(dns_policy="Default")) == mounts()


@pytest.mark.parametrize("path", ["/etc/hosts", "/etc/hosts/", "etc//hosts"])
def test_what_a_container_mounts_itself_stays(path: str) -> None:
    mounting = msgspec.structs.replace(NGINX, volume_mounts=(container.VolumeMount(name="v", mount_path=path),))
    assert mounts(of=mounting) == {"/dev/termination-log": "1"}


def test_an_older_sandbox_has_messages_only() -> None:
    older = msgspec.structs.replace(FILES, has_hosts=False)
    (mount,) = sandbox_files.mounts(WEB, NGINX, 0, older, by_path=True)
    assert mount["Target"] == "/dev/termination-log"
    assert sandbox_files.mounts(WEB, NGINX, 0, None, by_path=True) == []


def test_a_file_is_mounted_by_its_path_where_the_engine_mounts_no_part_of_a_volume() -> None:
    plain = container.Container(name="nginx")
    assert sandbox_files.mounts(WEB, plain, 0, FILES, by_path=True) == [
        {"Type": "bind", "Source": "/var/lib/v01/hosts", "Target": "/etc/hosts"}
    ]
    assert sandbox_files.mounts(WEB, plain, 0, FILES, by_path=False) == [
        {
            "Type": "volume",
            "Source": "v01",
            "Target": "/etc/hosts",
            "VolumeOptions": {"NoCopy": True, "Subpath": "hosts"},
        }
    ]


def test_the_start_command_is_told_what_the_pod_adds_to_the_engines_resolver_configuration() -> None:
    config = pod.PodDNSConfig(
        nameservers=("192.0.2.1", "192.0.2.2"),
        searches=("a.test", "b.test"),
        options=(pod.PodDNSConfigOption(name="ndots", value="2"), pod.PodDNSConfigOption(name="edns0")),
    )
    told = sandbox_files.variables(with_spec(dns_policy="ClusterFirst", dns_config=config), host_network=False)
    added = {
        "PODRUNNER_RESOLVER": "/etc/resolv.conf",
        "PODRUNNER_NAMESERVERS": "192.0.2.1 192.0.2.2",
        "PODRUNNER_SEARCHES": "a.test b.test",
        "PODRUNNER_OPTIONS": "ndots:2 edns0",
    }
    assert {name: told[name] for name in added} == added
    alone = sandbox_files.variables(with_spec(dns_policy="None", dns_config=config), host_network=False)
    assert {name: alone[name] for name in added} == added | {"PODRUNNER_RESOLVER": "/dev/null"}
    assert not set(added) & set(sandbox_files.variables(WEB, host_network=False))
