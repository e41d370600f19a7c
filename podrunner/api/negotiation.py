"""What form of an answer the client accepts. Pure; performs no I/O.

Source: k8s.io/apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`. Protobuf is never answered: every client
that asks for it takes JSON too.
"""

import enum
from typing import NamedTuple

from podrunner import errors
from podrunner.api import preferences

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"

_META_GROUP = "meta.k8s.io"
_TABLE_VERSIONS = ("v1", "v1beta1")


class Form(enum.Enum):
    """What an object is shown as."""

    OBJECT = "the object itself"
    METADATA = "its metadata only (PartialObjectMetadata)"
    TABLE = "a row of a Table, as `kubectl get` prints it"


class Accepted(NamedTuple):
    """The form to answer in; `version` is that of meta.k8s.io for the two others than OBJECT."""

    form: Form = Form.OBJECT
    version: str = "v1"
    media_type: str = JSON


def accepted(header: str | None) -> Accepted:
    """The first form of the Accept header, by preference, that can be given.

    Raises errors.NotAcceptable when there is none.
    """
    for clause in preferences.clauses(header):
        if (form := _form(clause)) is not None:
            return form
    raise errors.NotAcceptable(f"only the following media types are accepted: {JSON}, {YAML}")


def _form(clause: preferences.Clause) -> Accepted | None:
    if clause.covers(JSON):
        media_type = JSON
    elif clause.media_type == YAML:
        media_type = YAML
    else:
        return None
    wanted, version = clause.parameters.get("as", ""), clause.parameters.get("v", "v1")
    if not wanted:
        return Accepted(media_type=media_type)
    if clause.parameters.get("g") != _META_GROUP or version not in _TABLE_VERSIONS:
        return None
    if wanted == "Table":
        return Accepted(Form.TABLE, version, media_type)
    if wanted in ("PartialObjectMetadata", "PartialObjectMetadataList"):
        return Accepted(Form.METADATA, version, media_type)
    return None
