"""Answers in JSON or YAML, and the Status object in its two forms. Pure; performs no I/O."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from podrunner.api import negotiation
from podrunner.objects import kinds, meta, support

_MOST_WARNINGS = 20
"""Clients bound the headers they accept; the API server, too, keeps to about 4 KiB of warnings."""

_encoder = msgspec.json.Encoder()


def json(
    content: Any, *, status: int = 200, warnings: Sequence[str] = (), media_type: str = negotiation.JSON
) -> Response:
    """Objects or plain data as JSON (or YAML); each warning in a header of its own, which kubectl prints."""
    encoded = _encoder.encode(content)
    response = Response(encoded if media_type == negotiation.JSON else _yaml(encoded), status, media_type=media_type)
    for warning in warnings[:_MOST_WARNINGS]:
        quoted = warning.encode("unicode_escape").decode().replace('"', '\\"')
        response.headers.append("Warning", f'299 - "{quoted}"')
    return response


def warnings_about(obj: meta.Object) -> tuple[str, ...]:
    """What a client is to be told of an object that it wrote: what of it has no effect."""
    return tuple(f"{path}: {message}" for path, message in support.warnings(obj))


def status(outcome: str) -> dict[str, Any]:
    """The beginning of a Status: "Success" or "Failure"."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": outcome}


def deleted(kind: kinds.Kind, metadata: meta.ObjectMeta) -> dict[str, Any]:
    """What is answered when an object is gone at once."""
    details = {"name": metadata.name, "kind": kind.plural, "uid": metadata.uid}
    return status("Success") | {"details": details | ({"group": kind.group} if kind.group else {})}


def _yaml(encoded: bytes) -> bytes:
    import yaml

    # libyaml's where PyYAML was built with it: the other one holds up the server for a second per megabyte.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(msgspec.json.decode(encoded), Dumper=dumper, sort_keys=True, allow_unicode=True)
    return text.encode()
