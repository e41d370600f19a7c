"""Continue tokens: where the next page of a list begins, and as of which resourceVersion. Pure; performs no I/O.

The form is that of k8s.io/apiserver `pkg/storage/continue.go`; clients may not look inside.
"""

import base64
import binascii
from typing import NamedTuple

import msgspec

from podrunner.store import database, problems

_FORM = "meta.k8s.io/v1"


class Position(NamedTuple):
    """The list is the one of resourceVersion `version`; `after` is the last object that was given out."""

    version: int
    after: database.Key


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: tuple[str, str]


def token(position: Position) -> str:
    written = msgspec.json.encode(_Token(_FORM, position.version, (position.after.namespace, position.after.name)))
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def position(text: str) -> Position:
    """What `token` wrote. Raises errors.BadRequest for anything else."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        read = msgspec.json.decode(data, type=_Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise problems.malformed_continue(text) from None
    if read.v != _FORM:
        raise problems.malformed_continue(text)
    return Position(read.rv, database.Key(*read.start))
