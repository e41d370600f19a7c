"""Answers in JSON, and the Status object in its two forms. Pure; performs no I/O."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from podrunner.objects import kinds, meta

JSON = "application/json"

_MOST_WARNINGS = 20
"""Clients bound the headers they accept; the API server, too, keeps to about 4 KiB of warnings."""

_encoder = msgspec.json.Encoder()


def json(content: Any, *, status: int = 200, warnings: Sequence[str] = ()) -> Response:
    """Objects or plain data as JSON; each warning in a header of its own, which kubectl prints."""
    response = Response(_encoder.encode(content), status, media_type=JSON)
    for warning in warnings[:_MOST_WARNINGS]:
        quoted = warning.encode("unicode_escape").decode().replace('"', '\\"')
        response.headers.append("Warning", f'299 - "{quoted}"')
    return response


def status(outcome: str) -> dict[str, Any]:
    """The beginning of a Status: "Success" or "Failure"."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": outcome}


def deleted(kind: kinds.Kind, metadata: meta.ObjectMeta) -> dict[str, Any]:
    """What is answered when an object is gone at once."""
    return status("Success") | {"details": {"name": metadata.name, "kind": kind.plural, "uid": metadata.uid}}
