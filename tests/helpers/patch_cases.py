"""Objects, and how clients write them, for the tests of patches: manifests in, owned paths out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from podrunner.objects import codec, decode, defaults, kinds
from podrunner.objects.patches import fieldset, managers, ownership, server_side

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)

Data = dict[str, Any]


def type_of(obj: Data) -> Any:
    kind = kinds.by_name(obj["kind"], obj["apiVersion"])
    assert kind is not None
    return kind.type


def whole(obj: Data) -> Data:
    """As the store would hold it: decoded, with defaults."""
    decoded = decode.decode(obj, type_of(obj))
    assert decoded.problems == []
    return codec.to_builtins(defaults.apply(decoded.object))


def create(manifest: Data, manager: str = "creator") -> Data:
    return update(None, manifest, manager, at=NOON)


def update(before: Data | None, after: Data, manager: str, *, subresource: str = "", at: datetime = LATER) -> Data:
    version = after["apiVersion"]
    return ownership.track(
        before,
        whole(after),
        type_of(after),
        manager=manager,
        subresource=subresource,
        api_version=version,
        now=at,
    )


def apply(
    current: Data | None,
    manifest: Data,
    manager: str,
    *,
    force: bool = False,
    subresource: str = "",
    at: datetime = LATER,
) -> Data:
    result = server_side.apply(
        current,
        manifest,
        type_of(manifest),
        manager=manager,
        force=force,
        subresource=subresource,
        api_version=manifest["apiVersion"],
        now=at,
    )
    return whole(result)


def owned(obj: Data) -> dict[str, list[str]]:
    """Who owns which paths: {"kubectl Apply": [".data.a"]}."""
    entries = obj["metadata"].get("managedFields", [])
    return {
        " ".join(filter(None, (manager.name, manager.operation, manager.subresource))): list(fieldset.paths(its.fields))
        for manager, its in managers.read(entries).items()
    }


def config(**data: str | None) -> Data:
    found = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}}
    return {**found, "data": data} if data else found


def a_pod(*containers: Data, **spec: Any) -> Data:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"containers": list(containers), **spec},
    }


def main(name: str = "main", image: str = "busybox:1", **fields: Any) -> Data:
    return {"name": name, "image": image, **fields}
