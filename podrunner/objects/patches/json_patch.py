"""JSON patches (RFC 6902), with the errors of Kubernetes' API server. Pure; performs no I/O.

Source: apiserver `pkg/endpoints/handlers/patch.go`.
"""

from collections.abc import Mapping
from typing import Any

from podrunner import errors

MOST_OPERATIONS = 10_000


def apply(current: Mapping[str, Any], patch: Any) -> dict[str, Any]:
    """`current` after the operations of `patch`.

    Raises errors.BadRequest when `patch` is no list of operations, errors.Invalid when one of them can't be done or a
    test fails.
    """
    import jsonpatch  # here, for start-up does not need it
    import jsonpointer

    if not isinstance(patch, list):
        raise _unreadable(patch, "jsonpatch.Patch")
    for operation in patch:
        if not isinstance(operation, dict):
            raise _unreadable(operation, "jsonpatch.Operation")
    if len(patch) > MOST_OPERATIONS:
        raise errors.BadRequest(
            f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(patch)}"
        )
    try:
        result = jsonpatch.apply_patch(dict(current), patch)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, ValueError, KeyError) as error:
        raise _refused() from error
    if not isinstance(result, dict):
        raise _refused()
    return result


def _unreadable(value: Any, wanted: str) -> errors.BadRequest:
    kind = {dict: "object", list: "array", bool: "bool", str: "string"}.get(type(value), "number")
    return errors.BadRequest(f"json: cannot unmarshal {kind} into Go value of type {wanted}")


def _refused() -> errors.Invalid:
    return errors.Invalid("the server rejected our request due to an error in our request")
