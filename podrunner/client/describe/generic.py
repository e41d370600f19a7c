"""Objects of kinds without a description of their own: all their fields. And what has data. Pure; performs no I/O."""

import base64
import re
from typing import Any

from podrunner.client.describe.writer import Writer, annotations, pairs

_TOLD = ("apiVersion", "kind", "metadata")
_ABBREVIATIONS = ("api", "ip", "uid", "url")
_METADATA = ("name", "namespace", "labels", "annotations", "managedFields", "creationTimestamp")


def tell(writer: Writer, obj: dict[str, Any]) -> None:
    """Source: `genericDescriber`: field names become titles."""
    _tell_names(writer, obj)
    writer.field(0, "API Version", obj["apiVersion"])
    writer.field(0, "Kind", obj["kind"])
    writer.heading(0, "Metadata")
    metadata = obj["metadata"]
    writer.field(1, "Creation Timestamp", metadata.get("creationTimestamp", ""))
    _tell_fields(writer, 1, {name: value for name, value in metadata.items() if name not in _METADATA})
    _tell_fields(writer, 0, {name: value for name, value in obj.items() if name not in _TOLD})


def tell_secret(writer: Writer, secret: dict[str, Any]) -> None:
    """The sizes of what it has, nothing of what it is."""
    _tell_names(writer, secret)
    writer.line(0, "")
    writer.field(0, "Type", secret.get("type", ""))
    writer.line(0, "\nData\n====")
    for key, value in sorted((secret.get("data") or {}).items()):
        writer.field(0, key, f"{len(base64.b64decode(value))} bytes")


def tell_config_map(writer: Writer, config: dict[str, Any]) -> None:
    _tell_names(writer, config)
    writer.line(0, "\nData\n====")
    for key, value in sorted((config.get("data") or {}).items()):
        writer.line(0, f"{key}:\n----\n{value}\n")
    writer.line(0, "\nBinaryData\n====")
    for key, value in sorted((config.get("binaryData") or {}).items()):
        writer.line(0, f"{key}: {len(base64.b64decode(value))} bytes")
    writer.line(0, "")


def _tell_names(writer: Writer, obj: dict[str, Any]) -> None:
    metadata = obj["metadata"]
    writer.field(0, "Name", metadata["name"])
    if metadata.get("namespace"):
        writer.field(0, "Namespace", metadata["namespace"])
    writer.fields(0, "Labels", pairs(metadata.get("labels")))
    annotations(writer, metadata.get("annotations"))


def _tell_fields(writer: Writer, level: int, fields: dict[str, Any]) -> None:
    for name, value in sorted(fields.items()):
        _tell_value(writer, level, _title(name), value)


def _tell_value(writer: Writer, level: int, title: str, value: Any) -> None:
    match value:
        case dict():
            writer.heading(level, title)
            _tell_fields(writer, level + 1, value)
        case list() if any(isinstance(item, dict) for item in value):
            writer.heading(level, title)
            for item in value:
                _tell_fields(writer, level + 1, item)
        case list():
            writer.heading(level, title)
            for item in value:
                writer.line(level + 1, item)
        case bool():
            writer.field(level, title, "true" if value else "false")
        case _:
            writer.field(level, title, value)


def _title(name: str) -> str:
    """`podIPs` is told as `Pod IPs`. Source: `smartLabelFor`."""
    words = re.findall(r"[A-Z]+s?(?![a-z])|[A-Z]?[^A-Z]+|[A-Z]", name)
    return " ".join(word.upper() if word in _ABBREVIATIONS else word[:1].upper() + word[1:] for word in words)
