"""Objects in the order of one of their fields, as `--sort-by` has them. Pure; performs no I/O.

Source: kubernetes kubectl/pkg/cmd/get/sorter.go.
"""

import functools
import re
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
    ordered = sorted(pairs, key=functools.cmp_to_key(lambda left, right: _compare(left[0], right[0])))
    return [item for _, item in ordered]


def _compare(left: Any, right: Any) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    first, second = _key(left), _key(right)
    if type(first) is not type(second):
        first, second = _natural(str(left)), _natural(str(right))
    return int(first > second) - int(first < second)


def _key(value: Any) -> Any:
    """What stands for a value in comparisons: a number, a quantity's amount, or text with its numbers as numbers."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(quantity.parse(value).amount)
    except (ValueError, TypeError):
        return _natural(str(value))


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text) if part]
