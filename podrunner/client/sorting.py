"""Objects in the order of one of their fields, as `--sort-by` has them. Pure; performs no I/O.

Source: kubernetes kubectl/pkg/cmd/get/sorter.go.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from podrunner import errors
from podrunner.client import jsonpath
from podrunner.objects import quantity

T = TypeVar("T")


def by(expression: str, items: Sequence[T], data: Callable[[T], Any]) -> list[T]:
    """The items, those without the field first. `data` is an item as plain data. Raises UsageError."""
    try:
        path = jsonpath.relaxed(expression)
        keys = [next((value for found in path.results(data(item)) for value in found), None) for item in items]
    except jsonpath.Problem as problem:
        raise errors.UsageError(f"can't sort by {expression}: {problem}") from problem
    if items and all(key is None for key in keys):
        raise errors.UsageError(f"couldn't find any field with path {expression!r} in the list of objects")
    pairs = list(zip(keys, items, strict=True))
    ordered = sorted(pairs, key=functools.cmp_to_key(_by_first))
    return [item for _, item in ordered]


def _by_first(left: tuple[Any, Any], right: tuple[Any, Any]) -> int:
    return _compare(left[0], right[0])


def _compare(left: Any, right: Any) -> int:
    if left is None or right is None:
        return int(left is not None) - int(right is not None)
    first, second = _amount(left), _amount(right)
    if first is None or second is None:
        first, second = str(left), str(right)
    return int(first > second) - int(first < second)


def _amount(value: Any) -> Any:
    """What a number or a quantity is worth, None for other text."""
    if isinstance(value, int | float):
        return value
    try:
        return quantity.parse(value).amount
    except (ValueError, TypeError):
        return None
