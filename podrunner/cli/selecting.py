"""Which objects a command line means: KIND[,KIND…] NAME…, KIND/NAME…, or the objects of files."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from podrunner import errors
from podrunner.cli import targets
from podrunner.client import resources
from podrunner.objects import kinds

ALL = "all"


class Asked(NamedTuple):
    """One object, or, without a name, all of that kind that are selected. `namespace` None: in all namespaces."""

    kind: kinds.Kind
    namespace: str | None
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.singular}/{self.name}"


def asked(
    arguments: Sequence[str],
    files: Sequence[str],
    *,
    namespace: str | None,
    selection: resources.Selection = resources.EVERYTHING,
    recursive: bool = False,
) -> list[Asked]:
    """What the arguments, or else the files, mean. Raises UsageError, ManifestError.

    Source: kubernetes cli-runtime/pkg/resource/builder.go.
    """
    if files:
        if arguments:
            raise errors.UsageError("when files are given, no resource may be")
        return _of_files(files, namespace, recursive=recursive)
    if not arguments:
        raise errors.UsageError("say which kind of resource: pods, events, configmaps, …, or all")
    found = [Asked(kind, namespace, name) for kind, name in _named(arguments)]
    if any(each.name for each in found):
        if selection != resources.EVERYTHING:
            raise errors.UsageError("name cannot be provided when a selector is specified")
        if namespace is None:
            raise errors.UsageError("a resource cannot be retrieved by name across all namespaces")
    return found


def _named(arguments: Sequence[str]) -> list[tuple[kinds.Kind, str]]:
    if any("/" in argument for argument in arguments):
        return [_with_name(argument) for argument in arguments]
    wanted = [kind for text in arguments[0].split(",") if text for kind in _kinds(text)]
    if not wanted:
        raise errors.UsageError("say which kind of resource: pods, events, configmaps, …, or all")
    if len(wanted) > 1 and len(arguments) > 1:
        return [(kind, name) for kind in wanted for name in arguments[1:]]
    return [(kind, name) for kind in wanted for name in arguments[1:] or [""]]


def _kinds(text: str) -> list[kinds.Kind]:
    if text.lower() == ALL:
        return [kind for kind in kinds.KINDS if ALL in kind.categories]
    return [resources.kind_named(text)]


def _with_name(argument: str) -> tuple[kinds.Kind, str]:
    kind, name = targets.split(argument)
    if kind is None:
        raise errors.UsageError(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name"
            " form (e.g. 'get resource/<resource_name>' instead of 'get resource resource/<resource_name>')"
        )
    return kind, name


def _of_files(files: Sequence[str], namespace: str | None, *, recursive: bool) -> list[Asked]:
    # Imported here: it brings the YAML parser and every rule of validation.
    from podrunner.objects import loading

    loaded = loading.load(files, sys.stdin.buffer, namespace or resources.NAMESPACE, recursive=recursive)
    return [Asked(kinds.of(item.object), item.object.metadata.namespace, item.object.metadata.name) for item in loaded]
