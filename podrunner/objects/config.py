"""ConfigMap and Secret. Pure; performs no I/O."""

from typing import ClassVar

from podrunner.objects import base, meta


class ConfigMap(meta.Object):
    kind: str = base.always("ConfigMap")
    binary_data: dict[str, bytes] = {}
    data: dict[str, str] = {}
    immutable: bool | None = None


class Secret(meta.Object):
    CONFIDENTIAL: ClassVar[tuple[str, ...]] = ("data", "stringData")

    kind: str = base.always("Secret")
    data: dict[str, bytes] = {}
    immutable: bool | None = None
    string_data: dict[str, str] = {}
    type: str = ""
