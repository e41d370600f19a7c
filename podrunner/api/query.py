"""Reading query parameters. What can't be read is refused; parameters nobody asks for are ignored, as in Kubernetes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec
from starlette.requests import Request

from podrunner import errors
from podrunner.objects import base, fielderrors, selectors
from podrunner.store import problems

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


def dry_run(request: Request) -> bool:
    """Whether the thing is only to be tried. Raises errors.BadRequest."""
    return check_dry_run(request.query_params.getlist("dryRun"))


def check_dry_run(values: Sequence[str]) -> bool:
    """The meaning of dryRun's values, of which Kubernetes knows "All" only. Raises errors.BadRequest."""
    for text in values:
        if text != "All":
            raise _unreadable("dryRun", text, 'supported values: "All"')
    return bool(values)


def check_list(request: Request) -> None:
    """Raises errors.Invalid where the options of a list contradict each other.

    Source: k8s.io/apimachinery `pkg/apis/meta/internalversion/validation/validation.go`, ValidateListOptions.
    """
    found = fielderrors.Errors()
    match, version = request.query_params.get("resourceVersionMatch"), request.query_params.get("resourceVersion")
    if match:
        _check_match(found, match, version, ("Exact", "NotOlderThan"))
        if match == "Exact" and version == "0":
            found.forbidden("resourceVersionMatch", '"Exact" is forbidden for resourceVersion "0"')
        if request.query_params.get("continue"):
            found.forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
    if "sendInitialEvents" in request.query_params:
        found.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
    _refuse_options(found)


def check_age(request: Request, newest: str) -> None:
    """Raises errors.Expired for a list as it was: only what is now can be listed. `newest` is now's resourceVersion.

    A version that is yet to come raises errors.BadRequest.
    """
    asked = request.query_params.get("resourceVersion") or "0"
    if not (asked.isascii() and asked.isdigit()):
        raise _unreadable("resourceVersion", asked, "must be a whole number")
    if request.query_params.get("resourceVersionMatch") == "Exact" and asked != newest:
        raise errors.Expired(f"The provided resource version is not available: {asked}, the current one is {newest}")


class Watching(NamedTuple):
    """How to watch. `since`: after that resourceVersion, None: everything that is there comes first.

    `initial_end`: a bookmark tells where what is there ends. `seconds`: for at most so long.
    """

    since: str | None
    bookmarks: bool
    initial_end: bool
    seconds: float | None


def watch(request: Request) -> Watching:
    """Raises errors.Invalid where the options contradict each other; source as of `check_list`."""
    found = fielderrors.Errors()
    version, match = request.query_params.get("resourceVersion"), request.query_params.get("resourceVersionMatch")
    initial = flag(request, "sendInitialEvents") if "sendInitialEvents" in request.query_params else None
    bookmarks = flag(request, "allowWatchBookmarks")
    if initial is None and match:
        found.forbidden(
            "resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        )
    if initial is not None:
        if not match:
            found.forbidden(
                "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            )
        elif match != "NotOlderThan":
            found.unsupported("resourceVersionMatch", match, ("NotOlderThan",))
    _refuse_options(found)
    return Watching(
        since=None if initial else version,
        bookmarks=bookmarks,
        initial_end=bool(initial) and bookmarks,
        seconds=integer(request, "timeoutSeconds") or None,
    )


def _check_match(found: fielderrors.Errors, match: str, version: str | None, known: tuple[str, ...]) -> None:
    if match not in known:
        found.unsupported("resourceVersionMatch", match, known)
    if not version:
        found.forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")


def _refuse_options(found: fielderrors.Errors) -> None:
    if found:
        raise problems.invalid("ListOptions.meta.k8s.io", "", found)


def _selector(request: Request, name: str, parse: Callable[[str], T]) -> T:
    text = request.query_params.get(name, "")
    try:
        return parse(text)
    except ValueError as error:
        raise _unreadable(name, text, str(error)) from error


def _unreadable(name: str, text: str, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"{name}: Invalid value: {fielderrors.quote(text)}: {why}")
