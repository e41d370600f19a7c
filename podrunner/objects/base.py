"""What all API types have in common: frozen structs with Kubernetes' JSON names. Pure; performs no I/O.

A field's type tells how Kubernetes' Go type holds it, so that "absent" has one meaning each:

- `X | None = None` is a Go pointer: absent and zero differ (`terminationGracePeriodSeconds: 0`).
- `str = ""`, `int = 0`, `bool = False` is a plain Go value with `omitempty`: absent is the zero value.
- `always(value)` is a Go value without `omitempty`: encoded even when it is the default (`restartCount: 0`).
- Lists are tuples and maps are dicts; absent is empty.

Resource quantities stay text (`quantity` reads them). Times carry a time zone.
"""

import functools
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform

import msgspec

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
IntOrString = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)] | str
Quantity = Annotated[str, msgspec.Meta(extra={"quantity": True})]
Time = Annotated[datetime, msgspec.Meta(tz=True)]

T = TypeVar("T")

_ACRONYMS = {
    word.lower(): word
    for word in [
        "API",
        "CIDR",
        "CIDRs",
        "FQDN",
        "ID",
        "IO",
        "IP",
        "IPC",
        "IPs",
        "PID",
        "UID",
        "URI",
        "URLs",
        "UUID",
        "WWNs",
    ]
}


@functools.cache
def json_name(field: str) -> str:
    """The JSON name of a Python field: `host_ip` is `hostIP`, `api_version` is `apiVersion`."""
    first, *rest = field.split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in rest)


def always(value: T) -> T:
    """A default that is encoded nevertheless. (msgspec leaves out equal defaults, but never asks a factory.)"""
    default: Any = msgspec.field(default_factory=lambda: value)
    return default  # type: ignore[no-any-return]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Struct(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename=json_name,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """A part of an API object."""

    CONFIDENTIAL: ClassVar[tuple[str, ...]] = ()
    """The beginnings of the paths, in an object of this type, whose values no error may show."""
