"""Volumes with the content of an image.

Engines mount an image only from API 1.48 on, so it is copied: the same way on every engine. A file in the sandbox says
that the copy is complete.
"""

import asyncio
import posixpath

from podrunner.engine import archives, client as engine, passing, scripts
from podrunner.pods import volumes

_FILLED = "/podrunner/filled"
_CHUNK_BYTES = 1 << 20


async def fill(client: engine.Client, sandbox_id: str, volume: str, image: str, instance: str) -> None:
    """Copies the image into the volume, unless that was done. Raises EngineNotFound without the image, EngineError."""
    mark = posixpath.join(_FILLED, volume)
    if await archives.look(client, sandbox_id, mark) is not None:
        return
    async with passing.container(client, image, instance) as source:
        # Not with the short calls: it takes as long as the image is large.
        await asyncio.to_thread(_copy, client, source, sandbox_id, volumes.place(volume))
    await scripts.run(client, sandbox_id, 'mkdir -p "$1" && touch "$2"', _FILLED, mark)


def _copy(client: engine.Client, source: str, sandbox_id: str, path: str) -> None:
    with client.translated(), client.open_stream("GET", f"/containers/{source}/export") as answer:
        client.api.put_archive(sandbox_id, path, answer.iter_content(_CHUNK_BYTES))
