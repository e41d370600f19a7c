"""`$(VAR)` in commands, arguments and environment values. Pure; performs no I/O.

Kubernetes' rules: `third_party/forked/golang/expansion` and `pkg/kubelet/kubelet_pods.go`.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def missing(text: str, values: Mapping[str, str]) -> list[str]:
    """The names that `text` refers to and that have no value."""
    names = (match[1] for match in _REFERENCE.finditer(text))
    return [name for name in names if name is not None and name not in values]


def expand(text: str, values: Mapping[str, str]) -> str:
    """`text` with each `$(NAME)` replaced by its value and `$$` by `$`; a name without a value stays as it is."""

    def replacement(match: re.Match[str]) -> str:
        name = match[1]
        return "$" if name is None else values.get(name, match[0])

    return _REFERENCE.sub(replacement, text)
