"""The order of a list after a strategic merge patch. Pure; performs no I/O.

What the patch names has the patch's order, what it does not name keeps its place among the rest as well as it can.
Source: apimachinery `pkg/util/strategicpatch/patch.go` (normalizeElementOrder, mergeSortedSlice,
validatePatchWithSetOrderList).
"""

from typing import Any

from podrunner import errors
from podrunner.objects.patches import gotext


def key_of(item: Any, key: str) -> Any:
    """What tells the item apart: its merge key, itself where `key` is "". Raises errors.BadRequest if it has none."""
    if not key:
        return item
    if not isinstance(item, dict):
        raise errors.BadRequest(f"expected a map[string]interface {{}}, but received a {gotext.type_name(item)}")
    if key not in item:
        raise errors.BadRequest(f"map: {gotext.show(item)} does not contain declared merge key: {key}")
    return item[key]


def index(items: list[Any], wanted: Any, key: str) -> int | None:
    """Where the first item with that key is."""
    return next((place for place, item in enumerate(items) if (item.get(key) if key else item) == wanted), None)


def arranged(merged: list[Any], order: list[Any], live: list[Any], key: str) -> list[Any]:
    """`merged` in the order of `order`; items that are not in it come where `live`, the list before, had them."""
    wanted = _places(order, key)
    before = _places(live, key)
    named = sorted((item for item in merged if _key(item, key) in wanted), key=lambda item: wanted[_key(item, key)])
    others = [item for item in merged if _key(item, key) not in wanted]
    result: list[Any] = []
    for item in named:
        place = before.get(_key(item, key))
        while place is not None and others and before.get(_key(others[0], key), place) < place:
            result.append(others.pop(0))
        result.append(item)
    return result + others


def check(patch: list[Any], order: list[Any], key: str) -> None:
    """Raises errors.BadRequest unless `order`, a `$setElementOrder` list, has all the patch's items in their order."""
    if not patch or not order:
        return
    places = iter([key_of(item, key) for item in order])
    for item in patch:
        if key and "$patch" in item:
            continue
        if not any(place == key_of(item, key) for place in places):
            raise errors.BadRequest(
                f"The order in patch list:\n{gotext.show(patch)}\n doesn't match $setElementOrder list:\n"
                f"{gotext.show(order)}\n"
            )


def _places(items: list[Any], key: str) -> dict[Any, int]:
    """Where each key comes first."""
    places: dict[Any, int] = {}
    for place, item in enumerate(items):
        places.setdefault(_key(item, key), place)
    return places


def _key(item: Any, key: str) -> Any:
    found = key_of(item, key)
    if isinstance(found, (dict, list)):
        raise errors.BadRequest(
            f"map: {gotext.show(item)} has a merge key that is not a scalar: {key}"
            if key
            else "cannot merge lists without merge key for type struct"
        )
    return found
