"""What the store answers when it can't do what is asked, in the words of Kubernetes' apimachinery.

The source of every wording and of `details` is k8s.io/apimachinery `pkg/api/errors/errors.go`. Pure; performs no I/O.
"""

from collections.abc import Sequence
from typing import Any

from podrunner import errors
from podrunner.objects import fielderrors, kinds

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def not_found(kind: kinds.Kind, name: str) -> errors.NotFound:
    return errors.NotFound(f'{kind.resource} "{name}" not found', details=_details(kind, name))


def already_exists(kind: kinds.Kind, name: str) -> errors.AlreadyExists:
    return errors.AlreadyExists(f'{kind.resource} "{name}" already exists', details=_details(kind, name))


def conflict(kind: kinds.Kind, name: str, why: str = _MODIFIED) -> errors.Conflict:
    return errors.Conflict(
        f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}', details=_details(kind, name)
    )


def other_uid(kind: kinds.Kind, name: str, asked: str, actual: str) -> errors.Conflict:
    return conflict(
        kind,
        name,
        f"the UID in the precondition ({asked}) does not match the UID in record ({actual})."
        " The object might have been deleted and then recreated",
    )


def other_version(kind: kinds.Kind, name: str, asked: str, actual: str) -> errors.Conflict:
    return conflict(
        kind,
        name,
        f"the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({actual})."
        " The object might have been modified",
    )


def invalid(kind: str, name: str, problems: Sequence[fielderrors.FieldError], *, group: str = "") -> errors.Invalid:
    """Every field error of what `kind` names: in one sentence for people, and one by one in `details["causes"]`."""
    sentences = list(dict.fromkeys(map(str, problems)))
    listed = sentences[0] if len(sentences) == 1 else f"[{', '.join(sentences)}]"
    causes = [{"reason": problem.reason, "message": problem.message, "field": problem.path} for problem in problems]
    about = {"name": name, "kind": kind} | ({"group": group} if group else {})
    qualified = f"{kind}.{group}" if group else kind
    return errors.Invalid(f'{qualified} "{name}" is invalid: {listed}', details=about | {"causes": causes})


def forbidden(kind: kinds.Kind, name: str, why: str, *, causes: Sequence[dict[str, str]] = ()) -> errors.Forbidden:
    """What an admission rule does not allow."""
    named = f'{kind.resource} "{name}"' if name else kind.resource
    details = _details(kind, name) | ({"causes": list(causes)} if causes else {})
    return errors.Forbidden(f"{named} is forbidden: {why}", details=details)


def no_free_name(kind: kinds.Kind, name: str) -> errors.AlreadyExists:
    """Every name that was generated is taken, `name` the last one."""
    return errors.AlreadyExists(
        f'{kind.resource} "{name}" already exists, the server was not able to generate a unique name for the object',
        details=_details(kind, name) | {"retryAfterSeconds": 1},
    )


def continue_expired() -> errors.Expired:
    return errors.Expired(
        "The provided continue parameter is too old to display a consistent list result."
        " You must start a new list without the continue parameter."
    )


def malformed_continue(why: str) -> errors.BadRequest:
    return errors.BadRequest(f"continue key is not valid: {why}")


def expired(asked: int, oldest: int) -> errors.Expired:
    """The history from the resourceVersion `asked` is gone; it goes back to `oldest`."""
    return errors.Expired(f"too old resource version: {asked} ({oldest})")


def unknown_version(asked: int, newest: int) -> errors.Expired:
    """A resourceVersion this store never gave out (another store's, before the state directory was made anew).

    Expired, because that makes clients list again, which is what they need.
    """
    return errors.Expired(f"unknown resource version: {asked}, the newest is {newest}")


def malformed_version(asked: str) -> errors.BadRequest:
    return errors.BadRequest(f'resourceVersion: Invalid value: "{asked}": must be a number')


def _details(kind: kinds.Kind, name: str) -> dict[str, Any]:
    about = {"name": name, "kind": kind.plural}
    return about | {"group": kind.group} if kind.group else about
