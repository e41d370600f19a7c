"""Pulling images. Whoever wants the same image with the same credentials at the same time shares one pull."""

import asyncio
import contextlib
import functools
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import msgspec
import tenacity

from podrunner import errors
from podrunner.engine import client as engine, credentials, images, references, work
from podrunner.pods.keyring import Login

_log = logging.getLogger(__name__)

AT_ONCE = 16
ATTEMPTS = 3

# What registries and the way to them recover from in a moment; the engine has no error codes for these.
_TRANSIENT = re.compile(
    r"TLS handshake timeout|i/o timeout|Client\.Timeout|context deadline exceeded|connection reset|broken pipe|EOF\b"
    r"|HTTP status: 5\d\d|\b50[0234] [A-Z]"
)
_ABSENT = re.compile(r"manifest unknown|not found|does not exist")


class PullProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pull stands: one layer, or the whole where `layer` is empty. Bytes; `total` 0 where it isn't known.

    `status` is the engine's word: "Pulling fs layer", "Downloading", "Extracting", "Pull complete", "Already exists" …
    """

    reference: str
    layer: str
    status: str
    current: int
    total: int


Tell = Callable[[PullProgress], None]


class _Wish(NamedTuple):
    """What is pulled: the reference in full, and the credentials to try before the user's own."""

    reference: references.Reference
    logins: tuple[Login, ...]


class _Shared:
    """A pull under way, and who waits for it."""

    def __init__(self, pulling: Callable[[Tell], Coroutine[Any, Any, images.ImageFacts]]) -> None:
        self.listeners: list[Tell] = []
        self.task = asyncio.create_task(pulling(self._tell))

    def _tell(self, progress: PullProgress) -> None:
        for listener in self.listeners:
            listener(progress)


class Pulls:
    """The pulls of one engine."""

    def __init__(self, client: engine.Client) -> None:
        self._client = client
        self._room = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[_Wish, _Shared] = {}

    async def pull(self, reference: str, listener: Tell, logins: Sequence[Login] = ()) -> images.ImageFacts:
        """Pulls the image, telling `listener` in the loop's thread. It stops when all who wait for it are cancelled.

        The credentials are tried in their order, then the user's own, as the kubelet does it (`PullImage`, kubernetes
        pkg/kubelet/kuberuntime/kuberuntime_image.go). Tries again, twice, where the registry or the way to it failed
        for the moment. Raises InvalidReference; else EngineNotFound or EngineRefused with the engine's own message,
        and why the user's credentials could not be read if so.
        """
        wish = _Wish(references.parse(reference), tuple(logins))
        shared = self._under_way.get(wish)
        if shared is None or shared.task.done():
            shared = self._under_way[wish] = _Shared(functools.partial(self._pull, reference, wish))
        shared.listeners.append(listener)
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.listeners.remove(listener)
            if not shared.listeners:
                await self._end(wish, shared)

    async def _end(self, wish: _Wish, shared: _Shared) -> None:
        """Nobody waits for it any more. Who wishes the same from now on does not join one that is stopped."""
        if self._under_way.get(wish) is shared:
            del self._under_way[wish]
        shared.task.cancel()
        await asyncio.wait([shared.task])

    async def _pull(self, reference: str, wish: _Wish, tell: Tell) -> images.ImageFacts:
        async with self._room:
            await _pull_with_any(self._client, wish, lambda message: tell(progress(reference, message)))
        facts = await images.inspect(self._client, reference)
        if facts is None:
            raise errors.EngineNotFound(f"No such image: {reference} (it was pulled and is gone again)")
        return facts


async def _pull_with_any(client: engine.Client, wish: _Wish, tell: Callable[[work.Message], None]) -> None:
    """Pulls with the first credentials that can, or without any if there are none."""
    refusals: list[errors.EngineRefused] = []
    complaints: list[str] = []
    async for authorization in _authorizations(client, wish, complaints):
        try:
            return await _retrying()(_pull, client, wish.reference, authorization, tell)
        except errors.EngineRefused as refusal:
            refusals.append(refusal)
    told = list(dict.fromkeys(map(str, refusals)))
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    kind = errors.EngineNotFound if _ABSENT.search(text) else type(refusals[-1])
    raise kind(" ".join([text, *complaints])) from refusals[-1]


async def _authorizations(client: engine.Client, wish: _Wish, complaints: list[str]) -> AsyncIterator[str | None]:
    """The headers to try. The user's own are not looked for before they are needed: a helper may ask the user."""
    for login in wish.logins:
        yield credentials.header_of(login)
    try:
        own = await asyncio.to_thread(credentials.header, wish.reference.domain, client.config_dir)
    except credentials.UnreadableCredentials as error:
        # Many images can be pulled without.
        _log.warning("pulling without the user's credentials: %s", error)
        complaints.append(f"({error})")
        own = None
    if own is not None or not wish.logins:
        yield own


def _retrying() -> tenacity.AsyncRetrying:
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_is_transient),
        wait=tenacity.wait_exponential(multiplier=0.5, max=2),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        reraise=True,
    )


async def _pull(
    client: engine.Client,
    wanted: references.Reference,
    authorization: str | None,
    tell: Callable[[work.Message], None],
) -> None:
    # Without a tag the engine would pull all of them.
    request = functools.partial(
        client.open_stream,
        "POST",
        "/images/create",
        params={"fromImage": wanted.repository, "tag": wanted.digest or wanted.tag},
        headers={"X-Registry-Auth": authorization} if authorization else {},
    )
    async with contextlib.aclosing(work.messages(client, request, "engine-pull")) as messages:
        async for message in messages:
            tell(message)


def progress(reference: str, message: work.Message) -> PullProgress:
    """What the engine says of a pull of the reference."""
    is_layer = not message.status.startswith("Pulling from ")
    return PullProgress(
        reference=reference,
        layer=message.id if is_layer else "",
        status=message.status,
        current=message.detail.current,
        total=message.detail.total,
    )


def _is_transient(error: BaseException) -> bool:
    return type(error) is errors.EngineRefused and _TRANSIENT.search(str(error)) is not None
