"""Kubeconfigs: podrunner's own, and podrunner's entries among others. Pure; performs no I/O.

Others' entries stay as they are written: what is changed is the YAML's nodes, not the data they mean to Python, for
which an unquoted date or token would be something else. Comments are lost, as they are with `kubectl config`.
"""

from base64 import b64encode
from typing import Any, NamedTuple

import yaml

from podrunner import errors

NAME = "podrunner"
"""Of the cluster, the user and the context."""

_KINDS = {"clusters": "cluster", "users": "user", "contexts": "context"}


class Access(NamedTuple):
    """How to reach a server and be let in: by the token, else by the certificate and its key. Certificates are PEM."""

    address: str
    authority: bytes
    token: str = ""
    certificate: bytes = b""
    key: bytes = b""


def alone(access: Access) -> str:
    """A kubeconfig with nothing else, whose current context is podrunner's."""
    lists = {plural: [{"name": NAME, singular: _entry(singular, access)}] for plural, singular in _KINDS.items()}
    return str(yaml.safe_dump(_empty() | lists | {"current-context": NAME}, sort_keys=False))


def others(text: str) -> list[str]:
    """The names in a kubeconfig that are not podrunner's. Raises errors.UsageError if it is none."""
    root = _parsed(text)
    names = (_value(entry, "name") for plural in _KINDS for entry in _entries(root, plural))
    return sorted({name.value for name in names if name is not None} - {NAME})


def merged(text: str, access: Access) -> str:
    """The kubeconfig with podrunner's entries added or renewed. Its current context is what it was, or none.

    A context of podrunner's keeps its namespace. Raises errors.UsageError if the text is no kubeconfig.
    """
    root = _parsed(text)
    for plural, singular in _KINDS.items():
        _renew(_own_entry(root, plural), singular, _node(_entry(singular, access)))
    return str(yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True, width=float("inf")))


def _own_entry(root: yaml.MappingNode, plural: str) -> yaml.MappingNode:
    """podrunner's entry in that list, added if there is none."""
    for entry in _entries(root, plural):
        if _text(entry, "name") == NAME:
            return entry
    added = _node({"name": NAME})
    _list(root, plural).value.append(added)
    return added


def _renew(entry: yaml.MappingNode, singular: str, renewed: yaml.MappingNode) -> None:
    former = _value(entry, singular)
    if singular == "context" and isinstance(former, yaml.MappingNode):
        for key, value in renewed.value:
            _set(former, key.value, value)
    else:
        _set(entry, singular, renewed)


def _entry(singular: str, access: Access) -> dict[str, Any]:
    if singular == "cluster":
        return {"server": access.address, "certificate-authority-data": b64encode(access.authority).decode()}
    if singular == "context":
        return {"cluster": NAME, "user": NAME}
    if access.token:
        return {"token": access.token}
    return {
        "client-certificate-data": b64encode(access.certificate).decode(),
        "client-key-data": b64encode(access.key).decode(),
    }


def _empty() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Config"}


def _parsed(text: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise errors.UsageError(f"it is no kubeconfig: {error}") from error
    if root is None:
        return _node(_empty())
    if not isinstance(root, yaml.MappingNode) or _text(root, "kind") not in ("Config", ""):
        raise errors.UsageError("it is no kubeconfig")
    return root


def _node(data: dict[str, Any]) -> yaml.MappingNode:
    node = yaml.compose(yaml.safe_dump(data, sort_keys=False), Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode)
    return node


def _entries(root: yaml.MappingNode, plural: str) -> list[yaml.MappingNode]:
    listed = _value(root, plural)
    entries = listed.value if isinstance(listed, yaml.SequenceNode) else []
    return [entry for entry in entries if isinstance(entry, yaml.MappingNode)]


def _list(root: yaml.MappingNode, plural: str) -> yaml.SequenceNode:
    """The list of that name, made if there is none. kubectl writes an empty one as null or []."""
    listed = _value(root, plural)
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        listed = yaml.SequenceNode("tag:yaml.org,2002:seq", [], flow_style=root.flow_style)
        _set(root, plural, listed)
    return listed


def _value(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _text(mapping: yaml.MappingNode, key: str) -> str:
    found = _value(mapping, key)
    return found.value if isinstance(found, yaml.ScalarNode) else ""


def _set(mapping: yaml.MappingNode, key: str, value: yaml.Node) -> None:
    for index, (name, _) in enumerate(mapping.value):
        if name.value == key:
            mapping.value[index] = (name, value)
            return
    mapping.value.append((yaml.ScalarNode("tag:yaml.org,2002:str", key), value))
