"""Plain data as YAML, as go-yaml and so kubectl writes it. Pure; performs no I/O."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

# libyaml's emitter where PyYAML was built with it: ten times as fast, and go-yaml is a port of it.
_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_RESOLVER: Any = yaml.resolver.Resolver()
_OLD_BOOLEANS = frozenset({"y", "Y", "n", "N"})
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+")


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    """Quoted twice if it would else be read as something other than text; in lines if it has several."""
    style = None
    if "\n" in text:
        style = "|"
    elif _means_another(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _means_another(text: str) -> bool:
    if text in _OLD_BOOLEANS or _BASE_60.fullmatch(text) or _NUMBER.fullmatch(text):
        return True
    resolved = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return bool(resolved != "tag:yaml.org,2002:str")


_Dumper.add_representer(str, _text)


def dump(data: Mapping[str, Any]) -> str:
    """Keys in order, lists not indented below their key, long lines folded."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=True, allow_unicode=True)
    # libyaml ends a document so whose last text ends in empty lines; go-yaml does not.
    return text.removesuffix("...\n")
