"""Strategic merge patches: lists of structs merge by their keys. Pure; performs no I/O.

Source: apimachinery `pkg/util/strategicpatch/patch.go`, its messages are in `pkg/util/mergepatch/errors.go`. What a
patch adds is cleared of directives and nulls too, where Kubernetes leaves some to the decoder.
"""

from collections.abc import Mapping
from typing import Any

from podrunner import errors
from podrunner.objects import base
from podrunner.objects.patches import element_order, gotext, shapes

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList"
_ORDER = "$setElementOrder"


def apply(current: Mapping[str, Any], patch: Any, type_: type[base.Struct]) -> dict[str, Any]:
    """`current`, an object of that type, with what `patch` says.

    Raises errors.BadRequest when a directive or a list is not of the form it must have. (Kubernetes answers some of
    these with 500, though it is the client's fault.)
    """
    if not isinstance(patch, dict):
        raise errors.BadRequest("invalid JSON document")
    return _merge_map(current, patch, shapes.of(type_))


def _merge_map(original: Mapping[str, Any], patch: Mapping[str, Any], shape: shapes.Shape) -> dict[str, Any]:
    if _DIRECTIVE in patch:
        return _replaced_map(patch, shape)
    result = _retained(original, patch)
    pending = {name: value for name, value in patch.items() if name != _RETAIN}
    for name in [name for name in pending if name.startswith(_ORDER)]:
        order = pending.pop(name)
        _set_order(result, pending, _field_of(name, _ORDER), order, shape)
    for name, value in pending.items():
        if name.startswith(_DELETE_FROM):
            _delete_from(result, _field_of(name, _DELETE_FROM), value)
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = _merge(result.get(name), value, shape.inner(name))
    return result


def _replaced_map(patch: Mapping[str, Any], shape: shapes.Shape) -> dict[str, Any]:
    match patch[_DIRECTIVE]:
        case "replace":
            return _merge_map({}, {name: value for name, value in patch.items() if name != _DIRECTIVE}, shape)
        case "delete":
            return {}
    raise _unknown_directive(patch)


def _merge(original: Any, patch: Any, shape: shapes.Shape) -> Any:
    """A value that is not of the type of the original's takes its place."""
    match patch:
        case dict():
            return _merge_map(original if isinstance(original, dict) else {}, patch, shape)
        case list():
            return _merge_list(original if isinstance(original, list) else [], patch, shape)
    return patch


def _merge_list(original: list[Any], patch: list[Any], shape: shapes.Shape) -> list[Any]:
    """By merge key, or the union of a merged list of scalars; any other list is replaced."""
    if not shape.rule.strategy or shape.item is None:
        return patch
    if not original and not patch:
        return original
    if not _are_maps(original, patch):
        merged = list(dict.fromkeys([*original, *patch]))
        return element_order.arranged(merged, patch, original, "")
    original, patch = _without_directives(original, patch, shape.rule.merge_key)
    merged = _merge_items(original, patch, shape.rule.merge_key, shape.item)
    return element_order.arranged(merged, patch, original, shape.rule.merge_key)


def _merge_items(original: list[Any], patch: list[Any], key: str, item_shape: shapes.Shape) -> list[Any]:
    merged = list(original)
    for item in patch:
        index = element_order.index(merged, element_order.key_of(item, key), key)
        if index is None:
            merged.append(_merge_map({}, item, item_shape))
        else:
            merged[index] = _merge_map(merged[index], item, item_shape)
    return merged


def _without_directives(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Does what `$patch` items say; what is then to be merged into what."""
    plain = [item for item in patch if _DIRECTIVE not in item]
    replaces = False
    for item in patch:
        match item.get(_DIRECTIVE):
            case "delete":
                gone = element_order.key_of(item, key)
                original = [each for each in original if each.get(key) != gone]
            case "replace":
                replaces = True
            case "merge":
                raise errors.BadRequest("merging lists cannot yet be specified in the patch")
            case _ if _DIRECTIVE in item:
                raise _unknown_directive(item)
    return ([], plain) if replaces else (original, plain)


def _set_order(result: dict[str, Any], pending: dict[str, Any], name: str, order: Any, shape: shapes.Shape) -> None:
    """Merges the list together with the order it is to have, so that it is not merged once more."""
    if shape.struct and name not in shape.fields:
        raise errors.BadRequest(
            f'unable to find api field in struct {shape.struct.__name__} for the json field "{name}"'
        )
    if name not in result and name not in pending:
        return
    inner = shape.inner(name)
    original, patch = result.get(name, []), pending.pop(name, None)
    for value in (order, original, patch if patch is not None else []):
        if not isinstance(value, list):
            raise errors.BadRequest(f"expected a []interface {{}}, but received a {gotext.type_name(value)}")
    key = inner.rule.merge_key
    element_order.check(patch or [], order, key)
    merged = original if patch is None else _merge_list(original, patch, inner)
    result[name] = element_order.arranged(merged, order, original, key)


def _delete_from(result: dict[str, Any], name: str, gone: Any) -> None:
    if not isinstance(gone, list):
        raise errors.BadRequest("invalid patch format of primitive list")
    if isinstance(result.get(name), list):
        result[name] = [item for item in result[name] if item not in gone]


def _retained(original: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Of the original what `$retainKeys` keeps, all if it is not given. It must name all that the patch sets."""
    if _RETAIN not in patch:
        return dict(original)
    kept = patch[_RETAIN]
    sets = (name for name, value in patch.items() if value is not None and not name.startswith("$"))
    if not isinstance(kept, list) or any(name not in kept for name in sets):
        raise errors.BadRequest("invalid patch format of retainKeys")
    return {name: value for name, value in original.items() if name in kept}


def _field_of(directive: str, prefix: str) -> str:
    before, slash, name = directive.partition("/")
    if before != prefix or not slash:
        what = "primitive" if prefix == _DELETE_FROM else "setElementOrder"
        raise errors.BadRequest(f"invalid patch format of {what} list")
    return name


def _are_maps(*lists: list[Any]) -> bool:
    """Whether these lists hold maps, or else scalars: all of them one kind."""
    kinds = {type(item) for each in lists for item in each}
    if list in kinds:
        raise errors.Invalid("lists of lists are not supported")
    if len(kinds) > 1:
        raise errors.BadRequest(f"list element types are not identical: {gotext.show(list(lists))}")
    return kinds == {dict}


def _unknown_directive(patch: Mapping[str, Any]) -> errors.BadRequest:
    return errors.BadRequest(f"unknown patch type: {patch[_DIRECTIVE]} in map: {gotext.show(patch)}")
