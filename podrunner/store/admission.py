"""What a new object goes through before it is stored. Pure; performs no I/O.

The order is the API server's (k8s.io/apiserver `pkg/registry/rest/create.go`, BeforeCreate): the fields only the system
sets, the name, defaults, validation.
"""

import random
import uuid
from datetime import datetime
from typing import TypeVar

import msgspec

from podrunner import errors
from podrunner.objects import defaults, kinds, meta, validation
from podrunner.objects.pod import Pod
from podrunner.store import annotations, problems

Obj = TypeVar("Obj", bound=meta.Object)

_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH = 5
_LONGEST_NAME = 63


def admit(obj: Obj, now: datetime) -> Obj:
    """The object as it will be stored, but for its resourceVersion. Raises errors.BadRequest or errors.Invalid."""
    if obj.metadata.resource_version:
        raise errors.BadRequest("resourceVersion should not be set on objects to be created")
    admitted = defaults.apply(msgspec.structs.replace(obj, metadata=_metadata(obj, now)))
    if found := [*validation.validate(admitted), *annotations.check(admitted)]:
        kind = kinds.of(admitted)
        raise problems.invalid(kind.name, admitted.metadata.name, found, group=kind.group)
    return admitted


def _metadata(obj: meta.Object, now: datetime) -> meta.ObjectMeta:
    given = obj.metadata
    return msgspec.structs.replace(
        given,
        name=given.name or _generated_name(given.generate_name),
        uid=str(uuid.uuid4()),
        creation_timestamp=meta.at_second(now),
        deletion_timestamp=None,
        deletion_grace_period_seconds=None,
        generation=1 if isinstance(obj, Pod) else 0,  # the only kind of ours whose generations Kubernetes counts
        self_link="",
    )


def _generated_name(base: str) -> str:
    """`base` and five characters. Source: k8s.io/apiserver `pkg/storage/names/generate.go`."""
    if not base:
        return ""
    suffix = "".join(random.choices(_SUFFIX_ALPHABET, k=_SUFFIX_LENGTH))
    return base[: _LONGEST_NAME - _SUFFIX_LENGTH] + suffix
