"""Reading query parameters. What can't be read is refused; parameters nobody asks for are ignored, as in Kubernetes."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec
from starlette.requests import Request

from podrunner import errors
from podrunner.objects import base, fielderrors, selectors

T = TypeVar("T")

_TRUE = ("", "1", "t", "true")
_FALSE = ("0", "f", "false")


def flag(request: Request, name: str) -> bool:
    """A boolean, false if it is not given. Given without a value it is true, as apimachinery converts it."""
    text = request.query_params.get(name)
    if text is None or text.lower() in _FALSE:
        return False
    if text.lower() in _TRUE:
        return True
    raise _unreadable(name, text, "must be true or false")


def integer(request: Request, name: str) -> int | None:
    """A whole number, None if it is not given or empty."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return msgspec.convert(text, base.Int64, strict=False)
    except msgspec.ValidationError:
        raise _unreadable(name, text, "must be a whole number") from None


def time(request: Request, name: str) -> datetime | None:
    """A moment in RFC 3339, None if it is not given or empty."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return msgspec.convert(text, base.Time)
    except msgspec.ValidationError:
        raise _unreadable(name, text, "must be a time as RFC 3339 writes it: 2006-01-02T15:04:05Z") from None


def one_of(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, the first if it is not given or empty."""
    text = request.query_params.get(name) or choices[0]
    if text not in choices:
        raise _unreadable(name, text, f"must be one of {', '.join(choices)}")
    return text


def labels(request: Request) -> selectors.Selector:
    return _selector(request, "labelSelector", selectors.parse)


def fields(request: Request) -> selectors.FieldSelector:
    return _selector(request, "fieldSelector", selectors.parse_fields)


def refuse_dry_run(request: Request) -> None:
    """Doing a thing that was only to be tried would be worse than not to try it."""
    if text := request.query_params.get("dryRun"):
        raise _unreadable("dryRun", text, "is not supported")


def _selector(request: Request, name: str, parse: Callable[[str], T]) -> T:
    text = request.query_params.get(name, "")
    try:
        return parse(text)
    except ValueError as error:
        raise _unreadable(name, text, str(error)) from error


def _unreadable(name: str, text: str, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"{name}: Invalid value: {fielderrors.quote(text)}: {why}")
