"""A pod's sandbox and containers on a real engine: namespaces, privileges, ports, and the ends they come to."""

import asyncio
import socket

import msgspec
import pytest

import engine_world
from podrunner import errors
from podrunner.engine import containers, images, observe, ports, scripts
from podrunner.objects import container
from podrunner.pods import observed

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


async def seen(world: engine_world.World, container_id: str) -> observed.Container:
    found = await observe.inspect(world.engine, container_id)
    assert found
    assert isinstance(found[1], observed.Container)
    return found[1]


async def exited(world: engine_world.World, container_id: str) -> observed.Container:
    async def look() -> observed.Container | None:
        now = await seen(world, container_id)
        return now if now.state is observed.State.EXITED else None

    ended = await engine_world.eventually(look)
    assert ended
    return ended


async def test_containers_share_the_sandboxes_network_host_name_and_ipc(world: engine_world.World) -> None:
    script = "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; hostname"
    one, two = engine_world.shell(script, "one"), engine_world.shell(script, "two")
    subject = engine_world.a_pod(one, two, name="front")
    sandbox = await world.sandbox(subject)
    first = await world.output(await world.start(subject, one, sandbox))
    assert await world.output(await world.start(subject, two, sandbox)) == first
    assert first[2] == "front"
    elsewhere = await world.output(await world.run(script))
    assert (elsewhere[0] != first[0], elsewhere[1] != first[1]) == (True, True)


async def test_the_sandbox_has_no_privileges(world: engine_world.World) -> None:
    look = engine_world.shell("grep -E '^(Uid|CapPrm|CapEff):' /proc/1/status; ls /proc/1/root 2>&1")
    subject = engine_world.a_pod(look, share_process_namespace=True)
    output = await world.output(await world.start(subject, look, await world.sandbox(subject)))
    assert output == [
        "Uid:\t65535\t65535\t65535\t65535",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "ls: /proc/1/root: Permission denied",
    ]


async def test_nor_can_another_become_its_user_to_look_at_its_files(world: engine_world.World) -> None:
    become = "echo 'p:x:65535:65535::/:/bin/sh' >> /etc/passwd; su p -c 'id -u; ls /proc/1/root /proc/1/cwd' 2>&1"
    look = engine_world.shell(become)
    subject = engine_world.a_pod(look, share_process_namespace=True)
    output = await world.output(await world.start(subject, look, await world.sandbox(subject)))
    assert output == ["65535", "ls: /proc/1/root: Permission denied", "ls: /proc/1/cwd: Permission denied"]


async def test_nor_look_at_them_through_podrunners_own_commands_in_the_sandbox(world: engine_world.World) -> None:
    script = "for p in /proc/[0-9]*; do ls $p/root/podrunner 2> /dev/null; done; ps | grep -c '[s]leep 3$'"
    look = engine_world.shell(script)
    subject = engine_world.a_pod(look, share_process_namespace=True)
    sandbox = await world.sandbox(subject)
    command = asyncio.create_task(scripts.run(world.engine, sandbox, "sleep 3; ls /podrunner"))
    await asyncio.sleep(0.5)
    assert await world.output(await world.start(subject, look, sandbox)) == ["1"]
    assert "messages" in (await command).output


async def test_the_orphans_of_a_shared_process_namespace_are_reaped(world: engine_world.World) -> None:
    orphans = engine_world.shell("for i in 1 2 3; do (sh -c 'sleep 0.1 &'); done; sleep 0.5; ps -o stat,comm")
    subject = engine_world.a_pod(orphans, share_process_namespace=True)
    output = await world.output(await world.start(subject, orphans, await world.sandbox(subject)))
    assert sorted(output) == ["R    ps", "S    busybox", "S    busybox", "STAT COMMAND"]


async def test_command_arguments_and_variables_arrive_as_kubernetes_means_them(world: engine_world.World) -> None:
    member = msgspec.structs.replace(
        engine_world.shell('echo "$0 $GREETING"; pwd'),
        args=("$(NAME)",),
        working_dir="/tmp",
    )
    subject = engine_world.a_pod(member)
    variables = {"NAME": "ann", "GREETING": "hi ann"}
    output = await world.output(await world.start(subject, member, await world.sandbox(subject), variables=variables))
    assert output == ["ann hi ann", "/tmp"]


async def test_the_engine_keeps_what_a_container_came_to(world: engine_world.World) -> None:
    member = engine_world.shell("exit 3")
    subject = engine_world.a_pod(member)
    sandbox = await world.sandbox(subject)
    created = await seen(world, container_id := await world.create(subject, member, sandbox, attempt=2))
    assert (created.state, created.attempt, created.sandbox_id) == (observed.State.CREATED, 2, sandbox)
    assert (created.started_at, created.finished_at) == (None, None)
    await containers.start(world.engine, container_id)
    ended = await exited(world, container_id)
    assert (ended.exit_code, ended.oom_killed, ended.error) == (3, False, "")
    assert ended.started_at
    assert ended.finished_at


async def test_a_command_that_does_not_exist_is_the_engines_own_message_and_an_exit(world: engine_world.World) -> None:
    member = container.Container(name="main", image=engine_world.BUSYBOX, command=("/no/such/command",))
    subject = engine_world.a_pod(member)
    container_id = await world.create(subject, member, await world.sandbox(subject))
    with pytest.raises(errors.EngineRefused, match=r'exec: "/no/such/command": .*no such file or directory'):
        await containers.start(world.engine, container_id)
    ended = await seen(world, container_id)
    assert (ended.state, ended.exit_code, ended.started_at) == (observed.State.EXITED, 127, None)
    assert '"/no/such/command"' in ended.error


async def test_a_signal_reaches_the_container_and_what_is_over_does_not_mind(world: engine_world.World) -> None:
    member = engine_world.shell("trap 'exit 7' USR1; echo ready; while :; do sleep 0.05; done")
    subject = engine_world.a_pod(member)
    container_id = await world.start(subject, member, await world.sandbox(subject))
    await containers.kill(world.engine, container_id, "SIGUSR1")
    assert (await exited(world, container_id)).exit_code in (7, 128 + 10)
    await containers.kill(world.engine, container_id, "SIGUSR1")
    await containers.remove(world.engine, container_id)
    await containers.remove(world.engine, container_id)
    await containers.kill(world.engine, container_id, "SIGKILL")
    assert await observe.inspect(world.engine, container_id) is None


async def test_an_attempt_is_made_once(world: engine_world.World) -> None:
    member = engine_world.shell("true")
    subject = engine_world.a_pod(member)
    sandbox = await world.sandbox(subject)
    await world.create(subject, member, sandbox)
    with pytest.raises(errors.EngineConflict):
        await world.create(subject, member, sandbox)


async def test_an_image_that_is_not_there_is_not_pulled_by_create(world: engine_world.World) -> None:
    member = container.Container(name="main", image="podrunner-test/absent:1")
    subject = engine_world.a_pod(member)
    with pytest.raises(errors.EngineNotFound, match=r"^No such image: podrunner-test/absent:1$"):
        await world.create(subject, member, await world.sandbox(subject))


async def test_a_published_port_is_answered_from_the_pod(world: engine_world.World) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    member = engine_world.shell("echo hello | nc -l -p 8080")
    subject = engine_world.a_pod(member)
    published = ports.Published(container_port=8080, host_port=free, host_ip="127.0.0.1")
    await world.start(subject, member, await world.sandbox(subject, published))

    async def look() -> bytes:
        with socket.create_connection(("127.0.0.1", free), timeout=5) as connection:
            return connection.recv(100)

    assert await engine_world.eventually(look) == b"hello\n"


async def test_a_sandbox_makes_the_pause_image_where_there_is_none(
    world: engine_world.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "PAUSE", f"podrunner-test/pause:{world.instance}")
    try:
        found = await observe.inspect(world.engine, await world.sandbox(engine_world.a_pod()))
        assert found
        assert found[1].state is observed.State.RUNNING
    finally:
        for seen in (await observe.pods(world.engine, world.instance)).values():
            for sandbox in seen.sandboxes:
                await containers.remove(world.engine, sandbox.id)
        await world.engine.call(world.engine.api.remove_image, images.PAUSE)
