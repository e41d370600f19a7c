"""Logs over a WebSocket, as the pages of dashboards read them."""

import base64
import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from stream_clients import messages, websocket
from stream_world import POD, StreamWorld


@pytest.fixture(scope="module")
def world() -> Iterator[StreamWorld]:
    with StreamWorld() as running:
        yield running


@pytest.mark.parametrize("subprotocols", [(), ("binary.k8s.io",)])
def test_a_log_is_messages_after_an_empty_one(world: StreamWorld, subprotocols: tuple[str, ...]) -> None:
    with websocket(world.port, f"{POD}/log", *subprotocols) as client:
        assert client.subprotocol == (subprotocols[0] if subprotocols else None)
        assert messages(client) == [b"", b"hello\n", b"again"]
        assert client.close_code == 1000


def test_a_log_can_be_base64(world: StreamWorld) -> None:
    with websocket(world.port, f"{POD}/log", "base64.binary.k8s.io") as client:
        assert [base64.b64decode(message) for message in messages(client)] == [b"", b"hello\n", b"again"]


def test_a_log_is_followed_until_the_client_leaves(world: StreamWorld) -> None:
    with websocket(world.port, f"{POD}/log?follow=true", "binary.k8s.io") as client:
        assert [client.recv(5) for _ in range(3)] == [b"", b"hello\n", b"again"]
        client.send(b"is ignored")
        assert world.do(lambda: world.node.log_readers) == 1
    world.eventually(lambda: world.node.log_readers == 0 and not world.state.tasks)


@pytest.mark.parametrize(
    ("query", "subprotocol", "code"), [("", "channel.k8s.io", 403), ("?tailLines=-1", "binary.k8s.io", 422)]
)
def test_a_log_that_can_not_be_is_refused_before_the_upgrade(
    world: StreamWorld, query: str, subprotocol: str, code: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, websocket(world.port, f"{POD}/log{query}", subprotocol):
        pass
    assert refused.value.response.status_code == code == json.loads(refused.value.response.body or b"")["code"]


def test_a_log_that_breaks_breaks_the_connection(world: StreamWorld) -> None:
    with websocket(world.port, f"{POD}/log?container=lost", "binary.k8s.io") as client:
        assert messages(client) == [b"", b"hello\n"]
        assert client.close_code == 1006
