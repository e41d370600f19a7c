"""Objects besides pods in a world's server, as plain dictionaries."""

from typing import Any

import msgspec

from podrunner.objects import kinds
from scenario_world import NAMESPACE, World

_PATHS = {kind.name: f"{kind.path}/namespaces/{NAMESPACE}/{kind.plural}" for kind in kinds.KINDS if kind.namespaced}


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def claim(name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def create(world: World, *objects: dict[str, Any]) -> None:
    for each in objects:
        world.server.request("POST", _PATHS[each["kind"]], body=msgspec.json.encode(each))


def put(world: World, changed: dict[str, Any]) -> None:
    """Puts the object in the place of the one of its name."""
    path = f"{_PATHS[changed['kind']]}/{changed['metadata']['name']}"
    world.server.request("PUT", path, body=msgspec.json.encode(changed))


def get(world: World, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(world.server.request("GET", f"{_PATHS[kind]}/{name}").body)
    return found


def delete(world: World, kind: str, name: str) -> None:
    world.server.request("DELETE", f"{_PATHS[kind]}/{name}")
