"""What is wrong with one field, in Kubernetes' own words. Pure; performs no I/O.

The wording is that of apimachinery's `pkg/util/validation/field/errors.go`: `<path>: <type>: <value>: <detail>`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

NOT_FOUND = "FieldValueNotFound"
REQUIRED = "FieldValueRequired"
DUPLICATE = "FieldValueDuplicate"
INVALID = "FieldValueInvalid"
NOT_SUPPORTED = "FieldValueNotSupported"
FORBIDDEN = "FieldValueForbidden"
TOO_LONG = "FieldValueTooLong"
TOO_MANY = "FieldValueTooMany"
TYPE_INVALID = "FieldValueTypeInvalid"
UNKNOWN = "FieldUnknown"

REDACTED = "<secret contents redacted>"
"""Shown in place of a value that nobody may see: Kubernetes' words."""

_SHOWN_CHARACTERS = 200


class FieldError(NamedTuple):
    """One problem. `reason` is the cause's reason in a Status; `message` is the text without the path.

    `at` is where in the document the fault lies when that is finer than `path`: Kubernetes reports a bad label
    at `metadata.labels`, its line is that of `metadata.labels[key]`.
    """

    path: str
    reason: str
    message: str
    at: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    @property
    def location(self) -> str:
        return self.at or self.path


class Errors(list[FieldError]):
    """Problems as they are found."""

    def required(self, path: str, detail: str = "") -> None:
        self._add(path, REQUIRED, "Required value", detail)

    def invalid(self, path: str, value: Any, detail: str, at: str = "") -> None:
        self._add(path, INVALID, f"Invalid value: {show(value)}", detail, at)

    def invalid_each(self, path: str, value: Any, details: Iterable[str], at: str = "") -> None:
        for detail in details:
            self.invalid(path, value, detail, at)

    def duplicate(self, path: str, value: Any) -> None:
        self._add(path, DUPLICATE, f"Duplicate value: {show(value)}")

    def unsupported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        values = ", ".join(map(quote, supported))
        self._add(path, NOT_SUPPORTED, f"Unsupported value: {show(value)}", f"supported values: {values}")

    def forbidden(self, path: str, detail: str) -> None:
        self._add(path, FORBIDDEN, "Forbidden", detail)

    def not_found(self, path: str, value: Any, detail: str = "") -> None:
        self._add(path, NOT_FOUND, f"Not found: {show(value)}", detail)

    def too_long(self, path: str, limit: int) -> None:
        self._add(path, TOO_LONG, "Too long", f"may not be more than {limit} bytes")

    def too_many(self, path: str, count: int, limit: int) -> None:
        self._add(path, TOO_MANY, f"Too many: {count}", f"must have at most {limit} items")

    def wrong_type(self, path: str, value: Any, detail: str) -> None:
        self._add(path, TYPE_INVALID, f"Invalid value: {show(value)}", detail)

    def unknown(self, path: str, nearest: str | None) -> None:
        self._add(path, UNKNOWN, "Unknown field", f"did you mean {quote(nearest)}?" if nearest else "")

    def within(self, path: str) -> Iterator[FieldError]:
        """The same problems of an object that is itself the field `path`."""
        for error in self:
            yield error._replace(path=f"{path}.{error.path}", at=error.at and f"{path}.{error.at}")

    def _add(self, path: str, reason: str, message: str, detail: str = "", at: str = "") -> None:
        self.append(FieldError(path, reason, f"{message}: {detail}" if detail else message, at))


def quote(text: str) -> str:
    """`text` in double quotes as Go's %q, cut when long: an error message is no place for a megabyte."""
    if len(text) > _SHOWN_CHARACTERS:
        return _json(text[:_SHOWN_CHARACTERS]) + "..."
    return _json(text)


def show(value: Any) -> str:
    """A value as Kubernetes prints it in an error."""
    if isinstance(value, str):
        return quote(value)
    if type(value) is int:
        return str(value)
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, (list, tuple)):
        items = ("[...]" if isinstance(item, (list, tuple)) else show(item) for item in value[:10])
        return f"[{', '.join(items)}]"
    return _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
