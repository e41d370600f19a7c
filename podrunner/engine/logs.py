"""What a container printed: the engine's log, complete and in order.

On 20.10 a follower's answer often ends before the last entries, up to hundreds of them, though they are in the file by
then. So after the end of each, the last entry is compared, and what is missing is read without following.
"""

import contextlib
import functools
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from podrunner import errors
from podrunner.engine import client as engine, log_lines, streams

Line = log_lines.Line

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def read(
    client: engine.Client,
    container_id: str,
    *,
    follow: bool = False,
    since: datetime | None = None,
    tail: int | None = None,
) -> AsyncGenerator[list[Line], None]:
    """Batches of lines, standard output and error in the order of their arrival; `follow` ends when the container does.

    `since` keeps what is not older, `tail` the last so many. A slow reader slows nobody else down; closing the iterator
    frees everything at once. Raises EngineError.
    """
    wanted = {"follow": "1"} if follow else {}
    if since is not None:
        wanted["since"] = _seconds(since)
    parser = log_lines.Parser()
    async with client.log_readers:
        if tail is not None:
            wanted["tail"] = str(await _entries_of_last(client, container_id, tail))
        async with contextlib.aclosing(_answer(client, container_id, wanted, parser)) as batches:
            async for batch in batches:
                yield batch
        if follow:
            async with contextlib.aclosing(_missed(client, container_id, wanted, parser)) as batches:
                async for batch in batches:
                    yield batch
        if lines := parser.finish():
            yield lines


def _answer(
    client: engine.Client, container_id: str, wanted: dict[str, str], parser: log_lines.Parser
) -> AsyncGenerator[list[Line], None]:
    parameters = {"stdout": "1", "stderr": "1", "timestamps": "1", **wanted}
    request = functools.partial(client.open_stream, "GET", f"/containers/{container_id}/logs", params=parameters)
    return streams.read(client, request, parser, name="engine-log")


async def _entries_of_last(client: engine.Client, container_id: str, lines: int) -> int:
    """How many entries the last `lines` lines take: the engine counts by these, and a line over 16 kB takes several.

    The entry before them is looked at too, because it tells whether they begin with a whole line.
    """
    asked = lines + 1
    while lines:
        seen = log_lines.EntryEnds()
        async for _ in _answer(client, container_id, {"tail": str(asked)}, seen):
            pass
        boundaries = [at + 1 for at, ends in enumerate(seen.ends[:-1]) if ends]
        if len(boundaries) >= lines:
            return len(seen.ends) - boundaries[-lines]
        if len(seen.ends) < asked:
            break
        asked *= 4
    return asked if lines else 0


async def _missed(
    client: engine.Client, container_id: str, wanted: dict[str, str], parser: log_lines.Parser
) -> AsyncGenerator[list[Line], None]:
    """What has been logged after the last entry that `parser` has seen."""
    with contextlib.suppress(errors.EngineNotFound, errors.EngineConflict):
        if parser.mark:
            newest = log_lines.Parser()
            async for _ in _answer(client, container_id, {"tail": "1"}, newest):
                pass
            if newest.mark and newest.mark[-1] == parser.mark[-1]:
                return
        everything = {name: value for name, value in wanted.items() if name == "since" or not parser.mark}
        parser.skip_to_mark()
        async for batch in _answer(client, container_id, everything | {"follow": "0"}, parser):
            yield batch


def _seconds(time: datetime) -> str:
    """Seconds since 1970 as the engine reads them, exact to the microsecond."""
    microseconds = (time - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds // 10**6}.{microseconds % 10**6:06}"
