"""The fields of all kinds, as docs/support.md has to list them, and what the code says of their states.

Reads files of the repository and nothing else; tests are found by parsing their files, not by importing them.
"""

import ast
import functools
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from podrunner.objects import base, container, event, kinds, limitations, meta, pod, refusals, security, support, volume

TESTS = Path(__file__).parents[1]

_OMITTED = (event.Event, *support.KINDS_NOT_YET)
"""Kinds that have no table: Events are reports, as statuses are, and the others stand in the list of kinds."""


class Row(NamedTuple):
    """One line of a table: the state is "works", "no meaning" and so on, the limit what follows it."""

    type: str
    field: str
    state: str
    limit: str
    test: str


def rows(text: str) -> list[Row]:
    """The rows of the tables below headings that are the name of a type."""
    found = []
    for section in re.split(r"^#+ ", text, flags=re.MULTILINE):
        title = section.partition("\n")[0].strip("`")
        for field, words, test in re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]*)\|$", section, re.MULTILINE):
            state, _, limit = re.sub(r"^(works|refused)(, but|:) ", r"\1\n", words).partition("\n")
            found.append(Row(title, field, state, limit, test.strip().strip("`")))
    return found


# ---- what has to be listed


def own_fields(type_: type[base.Struct]) -> list[str]:
    """Without what it inherits, which is listed there, and without its status."""
    parents = (parent for parent in type_.__mro__[1:] if issubclass(parent, base.Struct))
    inherited = {field for parent in parents for field in parent.__struct_fields__}
    reported = {"status"} if issubclass(type_, meta.Object) else set()
    return [field for field in type_.__struct_fields__ if field not in inherited | reported]


@functools.cache
def types() -> dict[str, type[base.Struct]]:
    """The types that have a table, by name: those that kinds are made of, but not those of fields without effect."""
    found: dict[str, type[base.Struct]] = {}
    for kind in kinds.KINDS:
        if kind.type not in _OMITTED:
            _walk(kind.type, refused(), found)
    return found


def _walk(type_: type[base.Struct], without: set[tuple[type, str]], found: dict[str, type[base.Struct]]) -> None:
    if type_.__name__ in found or type_ is meta.ObjectMeta:
        return
    found[type_.__name__] = type_
    for parent in type_.__bases__:
        if parent not in (base.Struct, meta.Object):
            _walk(parent, without, found)
    for field in own_fields(type_):
        idle = (*support.NOT_YET.get(type_, ()), *support.MEANINGLESS_HERE.get(type_, ()))
        if field not in idle and (type_, field) not in without:
            for inner in _structs(_hints(type_)[field]):
                _walk(inner, without, found)


def listed_fields(type_: type[base.Struct]) -> list[str]:
    """A kind's `spec` has a table of its own in place of a row."""
    return [field for field in own_fields(type_) if not (field == "spec" and issubclass(type_, meta.Object))]


@functools.cache
def _hints(type_: type[base.Struct]) -> dict[str, Any]:
    return typing.get_type_hints(type_)


def _structs(hint: Any) -> Iterator[type[base.Struct]]:
    if isinstance(hint, type) and issubclass(hint, base.Struct):
        yield hint
    for inner in typing.get_args(hint):
        yield from _structs(inner)


# ---- what the code says of them


_NAMES_REFUSED = (container.ResourceRequirements, "claims")
"""Validation refuses what is not in the pod's `resourceClaims`, which `refusals` refuses."""


@functools.cache
def refused() -> set[tuple[type, str]]:
    """The fields that are refused whatever is in them."""
    wrapped: dict[type[base.Struct], Callable[[Any], pod.PodSpec]] = {
        pod.PodSpec: lambda spec: spec,
        container.Container: lambda member: pod.PodSpec(containers=(member,)),
        volume.Volume: lambda each: pod.PodSpec(volumes=(each,)),
        volume.VolumeProjection: lambda source: pod.PodSpec(
            volumes=(volume.Volume(projected=volume.ProjectedVolumeSource(sources=(source,))),)
        ),
    }
    return {_NAMES_REFUSED} | {
        (type_, field)
        for type_, wrap in wrapped.items()
        for field in type_.__struct_fields__
        for value in _samples(_hints(type_)[field])
        for path, _ in refusals.of_pod(wrap(type_(**{field: value})))
        if path.endswith(f"{base.json_name(field)}")
    }


def _samples(hint: Any) -> list[Any]:
    """One value of the field, where it is made of structs."""
    return [(made(),) if typing.get_origin(hint) is tuple else made() for made in _structs(hint)]


def limited() -> dict[tuple[str, str], set[str]]:
    """What `limitations` has to say of a pod that goes beyond all of them, by the name of type and field."""
    unlike = {"cpu": "1", "ephemeral-storage": "1", "hugepages-2Mi": "2Mi", "example.com/x": "1"}
    mount = container.VolumeMount(recursive_read_only="Enabled")
    resources = container.ResourceRequirements(limits=unlike, requests={"example.com/y": "1"})
    spec = pod.PodSpec(
        containers=(container.Container(volume_mounts=(mount,), resources=resources),),
        host_users=False,
        resources=resources,
        security_context=security.PodSecurityContext(supplemental_groups_policy="Strict"),
    )
    found: dict[tuple[str, str], set[str]] = {}
    for path, message in limitations.warnings(spec):
        found.setdefault(_field_at(path), set()).add(message)
    return found


def limits() -> set[str]:
    """All messages that `limitations` has."""
    return {value for name, value in vars(limitations).items() if name.isupper() and name[0] != "_" and name != "GPU"}


def _field_at(path: str) -> tuple[str, str]:
    """The type and the field that the path in a pod leads to."""
    type_: type[base.Struct] = pod.Pod
    field = ""
    for part in re.sub(r"\[.*?\]", "", path).split("."):
        inner = [*_structs(_hints(type_)[field])] if field else [type_]
        type_ = inner[0]
        field = next(each for each in type_.__struct_fields__ if base.json_name(each) == part)
    return type_.__name__, base.json_name(field)


# ---- the tests that show it


@functools.cache
def is_there(test: str) -> bool:
    """Whether it names a function of exactly one file: `test_volumes.py::test_it`, with folders where need be."""
    name, _, function = test.partition("::")
    files = [file for file in TESTS.rglob(name.rpartition("/")[2]) if file.as_posix().endswith(f"/{name}")]
    return len(files) == 1 and function in _functions(files[0])


@functools.cache
def _functions(file: Path) -> set[str]:
    definitions = ast.parse(file.read_text()).body
    return {each.name for each in definitions if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
