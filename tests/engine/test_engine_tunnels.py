"""Connections to localhost inside a pod's network."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

import engine_world
from engine_world import World, eventually
from podrunner import errors
from podrunner.engine import client, containers, tunnels

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

MIB = 1 << 20


class Listening(NamedTuple):
    """A sandbox, and a container in it that listens."""

    sandbox_id: str
    container_id: str


async def listening(world: World, script: str) -> Listening:
    """A pod that runs `script` for every connection to port 8000, whose input and output the connection is."""
    member = engine_world.shell(f"exec nc -ll -p 8000 -e sh -c '{script}'")
    subject = engine_world.a_pod(member)
    sandbox_id = await world.sandbox(subject)
    container_id = await world.start(subject, member, sandbox_id)
    await eventually(lambda: _listens(world.engine, sandbox_id))
    return Listening(sandbox_id, container_id)


@contextlib.asynccontextmanager
async def opened(engine: client.Client, sandbox_id: str, port: int = 8000) -> AsyncIterator[tunnels.Tunnel]:
    async with asyncio.timeout(30):
        tunnel = await tunnels.open(engine, sandbox_id, port)
        try:
            yield tunnel
        finally:
            await tunnel.close()


async def everything(tunnel: tunnels.Tunnel) -> bytes:
    parts = []
    while data := await tunnel.read():
        parts.append(data)
    return b"".join(parts)


async def test_ten_connections_at_once_get_each_its_own(world: World, engine: client.Client) -> None:
    pod = await listening(world, "cat")

    async def echoed(number: int) -> bytes:
        async with opened(engine, pod.sandbox_id) as tunnel:
            await tunnel.write(b"%d\n" % number)
            await tunnel.write_eof()
            return await everything(tunnel)

    assert await asyncio.gather(*(echoed(number) for number in range(10))) == [b"%d\n" % n for n in range(10)]


async def test_a_large_download_arrives_whole(world: World, engine: client.Client) -> None:
    pod = await listening(world, f"head -c {64 * MIB} /dev/zero")
    async with opened(engine, pod.sandbox_id) as tunnel:
        assert len(await everything(tunnel)) == 64 * MIB


async def test_a_large_upload_arrives_whole_and_its_end_with_it(world: World, engine: client.Client) -> None:
    pod = await listening(world, "wc -c")
    async with opened(engine, pod.sandbox_id) as tunnel:
        for _ in range(64):
            await tunnel.write(bytes(MIB))
        await tunnel.write_eof()
        assert await everything(tunnel) == b"%d\n" % (64 * MIB)


async def test_what_the_other_side_says_first_is_not_lost(world: World, engine: client.Client) -> None:
    pod = await listening(world, "echo hello; cat")
    for _ in range(20):
        async with opened(engine, pod.sandbox_id) as tunnel:
            assert await tunnel.read() == b"hello\n"
            await tunnel.write_eof()
            assert await everything(tunnel) == b""


async def test_a_sandbox_that_has_no_relay_is_refused(world: World, engine: client.Client) -> None:
    container_id = await world.run("rm /bin/sh; echo gone; exec sleep 1000")
    await eventually(lambda: engine.call(engine.api.logs, container_id))
    with pytest.raises(errors.EngineRefused, match=r'no connection can be made in the sandbox .*"sh": executable'):
        await tunnels.open(engine, container_id, 80)


async def test_nothing_that_listens_is_told_in_the_runtimes_words(world: World, engine: client.Client) -> None:
    sandbox_id = await world.sandbox(engine_world.a_pod())
    async with opened(engine, sandbox_id, 9999) as tunnel:
        with pytest.raises(errors.ObjectError) as refused:
            await tunnel.read()
    assert str(refused.value).startswith(
        f'failed to connect to localhost:9999 inside namespace "{sandbox_id}", '
        "IPv4: dial tcp4 127.0.0.1:9999: connect: connection refused IPv6: dial tcp6 [::1]:9999: connect: "
    )


async def test_what_listens_at_ipv6s_localhost_alone_is_found(world: World, engine: client.Client) -> None:
    script = "echo six > /tmp/page; exec httpd -f -p [::1]:8000 -h /tmp"
    sysctls = {"net.ipv6.conf.all.disable_ipv6": "0"}
    container_id = await world.run(script, network="bridge", sysctls=sysctls)
    await eventually(lambda: _listens(engine, container_id))
    async with opened(engine, container_id) as tunnel:
        await tunnel.write(b"GET /page HTTP/1.0\r\n\r\n")
        assert (await everything(tunnel)).endswith(b"\r\n\r\nsix\n")


async def test_a_tunnel_that_is_closed_early_leaves_nothing_behind(world: World, engine: client.Client) -> None:
    pod = await listening(world, "echo go; exec sleep 1000")
    async with opened(engine, pod.sandbox_id) as tunnel:
        assert await tunnel.read() == b"go\n"
        assert "nc 127.0.0.1 8000" in await _processes(engine, pod.sandbox_id)
    await tunnel.close()
    await eventually(lambda: _is_quiet(engine, pod.sandbox_id))


async def test_an_unread_tunnel_does_not_hold_up_the_end_of_the_pod(world: World, engine: client.Client) -> None:
    pod = await listening(world, "yes")
    async with opened(engine, pod.sandbox_id) as tunnel:
        await tunnel.read()
        await asyncio.sleep(0.3)
        async with asyncio.timeout(5):
            await containers.remove(engine, pod.container_id)
            await containers.remove(engine, pod.sandbox_id)


async def _listens(engine: client.Client, container_id: str) -> bool:
    """Whether port 8000 (0x1F40) is listened at."""
    made = await engine.call(
        engine.api.exec_create, container_id, ["grep", "-q", ":1F40 .* 0A", "/proc/net/tcp", "/proc/net/tcp6"]
    )
    await engine.call(engine.api.exec_start, made["Id"])
    return bool((await engine.call(engine.api.exec_inspect, made["Id"]))["ExitCode"] == 0)


async def _processes(engine: client.Client, container_id: str) -> list[str]:
    return [process[-1] for process in (await engine.call(engine.api.top, container_id))["Processes"]]


async def _is_quiet(engine: client.Client, sandbox_id: str) -> bool:
    return not any("nc " in process for process in await _processes(engine, sandbox_id))
