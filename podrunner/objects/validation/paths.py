"""Rules for file paths inside volumes. Pure; performs no I/O.

Rules are `validateLocalDescendingPath` and its neighbours in Kubernetes' pkg/apis/core/validation.
"""

from podrunner.objects.fielderrors import Errors


def check_no_backsteps(value: str, path: str, found: Errors) -> None:
    if ".." in value.split("/"):
        found.invalid(path, value, "must not contain '..'")


def check_descending(value: str, path: str, found: Errors) -> None:
    """A relative path that does not leave its directory."""
    if value.startswith("/"):
        found.invalid(path, value, "must be a relative path")
    check_no_backsteps(value, path, found)


def check_unreserved(value: str, path: str, found: Errors) -> None:
    """As `check_descending`, and not one of the `..data` names the kubelet itself uses."""
    check_descending(value, path, found)
    if value.startswith("..") and not value.startswith("../") and value != "..":
        found.invalid(path, value, "must not start with '..'")


def check_mode(value: int | None, path: str, found: Errors) -> None:
    if value is not None and not 0 <= value <= 0o777:
        found.invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive")
