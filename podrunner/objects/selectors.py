"""Label and field selectors, as `-l` and `--field-selector` or an object states them. Pure; performs no I/O.

Syntax and meaning are apimachinery's `pkg/labels/selector.go` and `pkg/fields/selector.go`.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from podrunner.objects import meta

_SET_BASED = re.compile(r"(\S+)\s+(in|notin)\s*\(([^()]*)\)")
_EQUALITY = re.compile(r"([^\s!=]+)\s*(==|=|!=)\s*([^\s!=]*)")
_EXISTS = re.compile(r"(!?)\s*([^\s!=(),]+)")
_ORDER = re.compile(r"(\S+)\s*([<>])\s*(-?\d+)")
_SEPARATOR = re.compile(r",(?![^()]*\))")
_FIELD_TERM = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)
_FIELD_SEPARATOR = re.compile(r"(?<!\\),")


class Requirement(NamedTuple):
    """One condition on a label. `operator` is In, NotIn, Exists, DoesNotExist, Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        if value is None or not value.lstrip("-").isdecimal():
            return False
        return int(value) > int(self.values[0]) if self.operator == "Gt" else int(value) < int(self.values[0])


class Selector(NamedTuple):
    """All of its requirements have to hold; without any it matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)


class FieldTerm(NamedTuple):
    """One condition on a field, named as in `status.phase`."""

    field: str
    value: str
    equal: bool = True


class FieldSelector(NamedTuple):
    """All of its terms have to hold; without any it matches everything."""

    terms: tuple[FieldTerm, ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        """`fields` holds every field that may be selected by. Raises ValueError for another."""
        for term in self.terms:
            if term.field not in fields:
                raise ValueError(f"field label not supported: {term.field}")
            if (fields[term.field] == term.value) is not term.equal:
                return False
        return True


EVERYTHING = Selector()
EVERY_FIELD = FieldSelector()


def parse(text: str) -> Selector:
    """A label selector such as `app=kubia,tier in (front, back),!canary`. Raises ValueError when it is none."""
    if not text.strip():
        return EVERYTHING
    return Selector(tuple(_requirement(term.strip(), text) for term in _SEPARATOR.split(text)))


def _requirement(term: str, text: str) -> Requirement:
    if match := _SET_BASED.fullmatch(term):
        values = tuple(sorted(value.strip() for value in match[3].split(",")))
        return Requirement(match[1], "In" if match[2] == "in" else "NotIn", values)
    if match := _EQUALITY.fullmatch(term):
        return Requirement(match[1], "NotIn" if match[2] == "!=" else "In", (match[3],))
    if match := _ORDER.fullmatch(term):
        return Requirement(match[1], "Gt" if match[2] == ">" else "Lt", (match[3],))
    if match := _EXISTS.fullmatch(term):
        return Requirement(match[2], "DoesNotExist" if match[1] else "Exists")
    raise ValueError(f"unable to parse requirement: {term or 'empty term'} (in {text!r})")


def of_labels(selector: meta.LabelSelector | None) -> Selector | None:
    """What a label selector in an object means; None, which matches nothing, for an absent one."""
    if selector is None:
        return None
    equalities = [Requirement(key, "In", (value,)) for key, value in selector.match_labels.items()]
    expressions = [Requirement(each.key, each.operator, each.values) for each in selector.match_expressions]
    return Selector((*equalities, *expressions))


def parse_fields(text: str) -> FieldSelector:
    r"""A field selector such as `status.phase!=Running,metadata.name=a`; `\,`, `\=` and `\\` stand for themselves.

    Raises ValueError when it is none.
    """
    if not text.strip():
        return EVERY_FIELD
    terms = []
    for term in _FIELD_SEPARATOR.split(text):
        match = _FIELD_TERM.fullmatch(term)
        if match is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{term}'")
        terms.append(FieldTerm(match[1].strip(), re.sub(r"\\([\\,=])", r"\1", match[3]), match[2] != "!="))
    return FieldSelector(tuple(terms))
