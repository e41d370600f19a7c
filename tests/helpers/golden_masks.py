"""Replaces what differs from run to run, and from machine to machine, as the recordings have it. Pure; no I/O."""

import re
from collections.abc import Mapping
from typing import Any

NAMESPACE = "NAMESPACE"
"""The namespace in the recordings."""

_MASKS = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<container id>"),
    (re.compile(r"^(Successfully assigned \S+ to) .*"), r"\1 vm"),
    # How looking for Docker's own registry fails without a network is the machine's affair.
    (re.compile(r'(Get "https://registry-1\.docker\.io/v2/": ).*', re.DOTALL), r"\1<no answer>"),
)


def text(given: str, namespace: str) -> str:
    """The text with NAMESPACE for the namespace, `vm` for the node's name, and words for ids."""
    given = given.replace(namespace, NAMESPACE)
    for pattern, word in _MASKS:
        given = pattern.sub(word, given)
    return given


def everywhere(data: Any, namespace: str) -> Any:
    """The data with every text in it masked."""
    if isinstance(data, str):
        return text(data, namespace)
    if isinstance(data, Mapping):
        return {key: everywhere(each, namespace) for key, each in data.items()}
    return data
