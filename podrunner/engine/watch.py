"""What happens to our containers, as it happens: the engine's event stream, taken up again whenever it breaks."""

import asyncio
import email.utils
import functools
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import msgspec
import requests

from podrunner import errors
from podrunner.engine import client as engine, labels, streams

ACTIONS = ("create", "start", "die", "oom", "destroy")
FIRST_DELAY = 0.05
LONGEST_DELAY = 1.0


class EngineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One of ACTIONS happened to a container. `exit_code` comes with "die"; `time_nanos` is the engine's clock."""

    action: str
    container_id: str
    owner: labels.Owner
    exit_code: int | None
    time_nanos: int

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.time_nanos / 1e9, UTC)


class Reconnected(msgspec.Struct, frozen=True):
    """The engine listens to us (again): whatever changed before may have gone unheard, so look at everything."""


class Disconnected(msgspec.Struct, frozen=True):
    """The stream broke. It is taken up again; `Reconnected` says when."""

    error: errors.EngineError


Item = EngineEvent | Reconnected | Disconnected


async def events(client: engine.Client, instance: str) -> AsyncGenerator[Item, None]:
    """Reconnected, events, Disconnected, Reconnected …, for the containers that carry our instance's label; never ends.

    An event is at most heard twice, right after Reconnected. Tries again after 50 ms, doubling up to 1 s.
    """
    since, delay = "", FIRST_DELAY
    while True:
        failure: errors.EngineError = errors.EngineUnreachable("the engine ended its event stream")
        request = functools.partial(_subscribe, client, instance, since)
        try:
            async for batch in streams.read(client, request, _parser(), name="engine-events"):
                delay = FIRST_DELAY
                for item in batch:
                    if isinstance(item, EngineEvent):
                        since = _since(item.time_nanos)
                    yield item
        except errors.EngineError as error:
            failure = error
        yield Disconnected(failure)
        await asyncio.sleep(delay)
        delay = min(2 * delay, LONGEST_DELAY)


def _subscribe(client: engine.Client, instance: str, since: str) -> requests.Response:
    """Answers 200 before it subscribes (20.10): without `since`, what happens in between would be lost."""
    filters = {"type": ["container"], "event": list(ACTIONS), "label": [f"{labels.INSTANCE}={instance}"]}
    parameters = {"filters": json.dumps(filters), "since": since or _engine_time(client)}
    return client.open_stream("GET", "/events", params=parameters)


def _engine_time(client: engine.Client) -> str:
    """The engine's clock, which need not be ours, in whole seconds."""
    with client.open_stream("GET", "/_ping") as answer:
        return str(int(email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()))


def _since(nanos: int) -> str:
    return f"{nanos // 10**9}.{nanos % 10**9:09}"


class _Actor(msgspec.Struct, frozen=True, rename="pascal"):
    id: str = msgspec.field(name="ID")
    attributes: dict[str, Any] = {}


class _Message(msgspec.Struct, frozen=True):
    action: str = msgspec.field(name="Action")
    actor: _Actor = msgspec.field(name="Actor")
    time_nanos: int = msgspec.field(name="timeNano")


def _parser() -> streams.JSONLines[Item]:
    return streams.JSONLines(_decode, first=lambda: [Reconnected()])


def _decode(line: bytes) -> Item | None:
    message = msgspec.json.decode(line, type=_Message)
    attributes = message.actor.attributes
    owner = labels.parse(attributes)
    if owner is None:
        return None
    exit_code = attributes.get("exitCode")
    return EngineEvent(
        action=message.action,
        container_id=message.actor.id,
        owner=owner,
        exit_code=None if exit_code is None else int(exit_code),
        time_nanos=message.time_nanos,
    )
