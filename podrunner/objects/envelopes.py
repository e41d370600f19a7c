"""What the API answers beside the objects themselves: lists, and the Status of what was refused. Pure; performs no I/O.

Answers are made as plain data; these types say what is in them.
"""

from typing import Any

import msgspec

from podrunner.objects import base


class ListMeta(base.Struct):
    continue_: str = msgspec.field(name="continue", default="")
    remaining_item_count: base.Int64 | None = None
    resource_version: str = ""
    self_link: str = ""


class List(base.Struct):
    """A page of objects of one kind; `items` are of that kind."""

    api_version: str = base.always("")
    items: tuple[Any, ...] = base.always(())
    kind: str = base.always("")
    metadata: ListMeta = base.always(ListMeta())


class StatusCause(base.Struct):
    field: str = ""
    message: str = ""
    reason: str = ""


class StatusDetails(base.Struct):
    name: str = ""
    causes: tuple[StatusCause, ...] = ()
    group: str = ""
    kind: str = ""
    retry_after_seconds: base.Int32 = 0
    uid: str = ""


class Status(base.Struct):
    api_version: str = base.always("v1")
    code: base.Int32 = 0
    details: StatusDetails | None = None
    kind: str = base.always("Status")
    message: str = ""
    metadata: ListMeta = base.always(ListMeta())
    reason: str = ""
    status: str = ""
