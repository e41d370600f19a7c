"""The creation of a run's pods, at an API without a node: what is deleted stays until the test removes it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import api_world
from commandline import eventually
from literal_server import literal_server, status, whole
from podrunner import errors
from podrunner.client import http
from podrunner.client.creation import Creation
from podrunner.objects import codec
from podrunner.objects.pod import Pod
from podrunner.store import pods


@pytest.fixture
def world(tmp_path: Path) -> Iterator[api_world.World]:
    with api_world.World(tmp_path / "s") as running:
        yield running


def pod(name: str) -> Pod:
    return codec.decode({**api_world.manifest(name), "metadata": {"name": name, "namespace": "default"}}, Pod)


class Attempt:
    """A creation in a thread of its own."""

    def __init__(self, server: http.Server, *names: str, replace: bool = False, deadline: float | None = None) -> None:
        self.told: list[str] = []
        self.created: list[Pod] = []
        self.raised: BaseException | None = None
        wanted = [pod(name) for name in names]
        self.creation = Creation(server, wanted, replace=replace, deadline=deadline, tell=self.told.append)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> BaseException | None:
        self._thread.join(5)
        assert not self._thread.is_alive()
        return self.raised

    def _run(self) -> None:
        try:
            self.created = self.creation.create()
        except BaseException as error:  # noqa: BLE001 (the test looks at it)
            self.raised = error


def attempt(world: api_world.World, *names: str, replace: bool = False, deadline: float | None = None) -> Attempt:
    return Attempt(http.Server(world.path), *names, replace=replace, deadline=deadline)


def names(world: api_world.World) -> list[str]:
    return [each.metadata.name for each in world.do(world.registry.list, pods.POD).items]


def remove(world: api_world.World, gone: Pod) -> None:
    world.do(pods.remove, world.registry, "default", gone.metadata.name, gone.metadata.uid)


WAITING = ['waiting until pod "kubia" in namespace "default" is removed']


def test_pods_are_all_created_or_none(world: api_world.World) -> None:
    world.create_pod("taken")
    refused = attempt(world, "first", "taken").end()
    assert isinstance(refused, errors.AlreadyExists)
    assert str(refused) == ('pod "taken" exists already in namespace "default" (Pending); --replace removes it first')
    assert names(world) == ["taken"]


def test_a_pod_that_is_replaced_is_waited_for_and_that_is_said(world: api_world.World) -> None:
    old = world.create_pod()
    new = attempt(world, "kubia", "other", replace=True)
    eventually(lambda: new.told == WAITING)
    assert names(world) == ["kubia"]
    remove(world, old)
    assert new.end() is None
    assert [each.metadata.name for each in new.created] == ["kubia", "other"]
    assert new.created[0].metadata.uid != old.metadata.uid


def test_a_pod_that_is_being_deleted_is_waited_for_without_replace(world: api_world.World) -> None:
    old = world.create_pod()
    world.do(pods.delete, world.registry, "default", "kubia")
    new = attempt(world, "kubia")
    eventually(lambda: new.told == WAITING)
    remove(world, old)
    assert new.end() is None


def test_the_wait_ends_with_the_time_the_run_has(world: api_world.World) -> None:
    world.create_pod()
    late = attempt(world, "kubia", replace=True, deadline=time.monotonic() + 0.05)
    error = late.end()
    assert isinstance(error, errors.TimedOut)
    assert str(error) == (
        'timed out before the pods were created, waiting for the removal of pod "kubia" in namespace "default"'
    )


def test_the_wait_ends_when_it_is_given_up_and_leaves_nothing(world: api_world.World) -> None:
    world.create_pod("second")
    world.do(pods.delete, world.registry, "default", "second")
    given_up = attempt(world, "first", "second")
    eventually(lambda: given_up.told)
    assert names(world) == ["first", "second"]
    given_up.creation.give_up(KeyboardInterrupt())
    assert isinstance(given_up.end(), KeyboardInterrupt)
    assert names(world) == ["second"]


def test_a_creation_that_is_given_up_before_it_began_creates_nothing(world: api_world.World) -> None:
    creation = Creation(http.Server(world.path), [pod("kubia")], tell=lambda text: None)
    creation.give_up(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        creation.create()
    assert names(world) == []


def test_a_namespace_that_does_not_exist_is_created(tmp_path: Path) -> None:
    missing = status(404, "NotFound", "namespaces not found", '{"kind":"namespaces","name":"default"}')
    created = whole(b'{"kind":"Pod","metadata":{"name":"kubia","namespace":"default"}}', 201)
    with literal_server(tmp_path / "s") as server:
        server.answers(missing, whole(b"{}", 201), created)
        run = Attempt(server.client, "kubia")
        assert run.end() is None
    assert run.told == ['namespace "default" did not exist and was created']
    assert server.asked[1].startswith(b"POST /api/v1/namespaces HTTP/1.1\r\n")
    assert b'"name":"default"' in server.asked[1]
