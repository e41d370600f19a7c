"""What the sandbox's start command writes for the other containers, on the networks that it may join."""

import asyncio

import docker
import msgspec
import pytest

import engine_world
from engine_world import World
from podrunner.engine import containers, scripts
from podrunner.objects.pod import HostAlias, Pod, PodDNSConfig, PodDNSConfigOption
from podrunner.pods import dns

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

CONFIG = PodDNSConfig(
    nameservers=("192.0.2.1", "127.0.0.11", "192.0.2.2", "192.0.2.3"),
    searches=("a.test", "home.test"),
    options=(PodDNSConfigOption(name="ndots", value="2"), PodDNSConfigOption(name="edns0")),
)
MANY = PodDNSConfig(searches=tuple(f"d{number}.test" for number in range(32)))
LONG = PodDNSConfig(searches=(".".join(["a" * 63] * 4), *(f"{letter * 200}.test" for letter in "bcdefghijkl")))
OF_BRIDGE = (
    "# Generated\nnameserver 192.0.2.9\nnameserver 192.0.2.1\nsearch home.test. b.test\noptions ndots:0 timeout:1\n"
)


def a_pod(**spec: object) -> Pod:
    plain = engine_world.a_pod(engine_world.shell("true"))
    return msgspec.structs.replace(plain, spec=msgspec.structs.replace(plain.spec, **spec))


async def written(world: World, sandbox_id: str, file: str) -> str:
    """A file that containers find, complete."""
    await engine_world.eventually(lambda: containers.has_written_files(world.engine, sandbox_id))
    return await output(world, sandbox_id, 'cat "/podrunner/messages/$1"', file)


async def output(world: World, sandbox_id: str, script: str, *arguments: str) -> str:
    return (await scripts.run(world.engine, sandbox_id, script, *arguments)).output


@pytest.fixture
async def dual_stack(world: World) -> str:
    """The id of a network with IPv6."""
    api = world.engine.api
    made = await world.engine.call(
        api.create_network,
        f"{world.instance}-v6",
        driver="bridge",
        enable_ipv6=True,
        ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet="fd00:5eed:77::/64")]),
        labels={"podrunner.dev/instance": world.instance},
    )
    return str(made["Id"])


async def test_every_address_of_the_pod_has_a_line(world: World, dual_stack: str) -> None:
    sandbox_id = await world.sandbox(a_pod(subdomain="team"), network=dual_stack)
    lines = (await written(world, sandbox_id, "hosts")).splitlines()
    address, names = lines[7].split("\t", 1)
    assert address.count(".") == 3
    assert names == "web.team.default.svc.cluster.local\tweb"
    assert lines[8:] == ["fd00:5eed:77::2\tweb.team.default.svc.cluster.local\tweb"]


async def test_on_the_hosts_network_the_hosts_file_is_the_hosts(world: World) -> None:
    alias = HostAlias(ip="192.0.2.1", hostnames=("one.test", "two.test"))
    sandbox_id = await world.sandbox(a_pod(host_aliases=(alias,)), network="host")
    of_host = await output(world, sandbox_id, "cat /etc/hosts")
    assert "localhost" in of_host
    assert await written(world, sandbox_id, "hosts") == (
        "# Kubernetes-managed hosts file (host network).\n"
        f"{of_host}"
        "\n"
        "# Entries added by HostAliases.\n"
        "192.0.2.1\tone.test\ttwo.test\n"
    )


async def test_what_the_engine_wrote_and_what_the_pod_adds_are_merged_by_the_kubelets_rules(world: World) -> None:
    """The start command can't ask `dns`, which does not know what the engine wrote: both must say the same."""
    subject = a_pod(dns_policy="ClusterFirst", dns_config=CONFIG)
    sandbox_id = await world.sandbox(subject)
    engines = dns.parse(await output(world, sandbox_id, "cat /etc/resolv.conf"))
    assert await written(world, sandbox_id, "resolv.conf") == dns.text(dns.of(subject, engines).resolver)
    cases = [(base, config) for base in (OF_BRIDGE, "") for config in (CONFIG, MANY, LONG)]
    merged = await asyncio.gather(*(merge(world, sandbox_id, base, config) for base, config in cases))
    for (base, config), text in zip(cases, merged, strict=True):
        assert text == dns.text(dns.of(a_pod(dns_config=config), dns.parse(base)).resolver)
    assert merged[0] == (
        "nameserver 192.0.2.9\n"
        "nameserver 192.0.2.1\n"
        "nameserver 127.0.0.11\n"
        "search home.test b.test a.test\n"
        "options ndots:2 timeout:1 edns0\n"
    )


async def merge(world: World, sandbox_id: str, base: str, config: PodDNSConfig) -> str:
    script = """
    export PODRUNNER_NAMESERVERS="$2" PODRUNNER_SEARCHES="$3" PODRUNNER_OPTIONS="$4"
    printf %s "$1" | awk -f /resolver.awk
    """
    options = dns.of_options(config.options)
    words = (" ".join(each) for each in (config.nameservers, config.searches, options))
    return await output(world, sandbox_id, script, base, *words)


async def test_an_older_sandbox_or_one_that_is_gone_keeps_nobody_waiting(world: World) -> None:
    without = await world.run("sleep 60")
    assert await containers.has_written_files(world.engine, without)
    await containers.remove(world.engine, without)
    assert await containers.has_written_files(world.engine, without)


async def test_files_that_are_not_written_yet_are_waited_for(world: World) -> None:
    created = await containers.create_sandbox(
        world.engine, a_pod(), instance=world.instance, attempt=0, network="bridge"
    )
    assert not await containers.has_written_files(world.engine, created)
