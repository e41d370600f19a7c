"""JSON merge patches (RFC 7386). Pure; performs no I/O."""

from collections.abc import Mapping
from typing import Any

from podrunner import errors


def apply(current: Mapping[str, Any], patch: Any) -> dict[str, Any]:
    """`current` with what `patch` says; null takes a field away. Raises errors.BadRequest when it is no object."""
    if not isinstance(patch, dict):
        raise errors.BadRequest("Invalid JSON Patch")  # evanphx/json-patch's words
    return _merged(current, patch)


def _merged(current: Mapping[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    result = dict(current)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            result[name] = _merged(old if isinstance(old, dict) else {}, value)
        else:
            result[name] = value
    return result
