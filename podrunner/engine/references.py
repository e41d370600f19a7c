"""Image references: `[DOMAIN/]PATH[:TAG][@DIGEST]`. Pure; performs no I/O.

The grammar and the order of checks are github.com/distribution/reference's (`regexp.go`, `normalize.go`), which the
engine and the kubelet both use.
"""

import re

import msgspec

from podrunner import errors

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library"
_LONGEST_NAME = 255

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_NAME = rf"{_HOST}/{_PART}(?:/{_PART})*"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"(?P<name>{_NAME})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


class InvalidReference(errors.PodrunnerError):
    """The text is no image reference; worded as the kubelet does."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """An image's full name. Without tag and digest in the text the tag is `latest`; with a digest alone it's empty."""

    domain: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        return f"{self.domain}/{self.path}"


def parse(text: str) -> Reference:
    """The reference in full: `busybox` is docker.io/library/busybox:latest. Raises InvalidReference."""
    problem = ""
    if _IDENTIFIER.fullmatch(text):
        problem = f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
    domain, remainder = _split_domain(text)
    name = remainder.split(":", 1)[0]
    if not problem and name != name.lower():
        problem = "invalid reference format: repository name must be lowercase"
    match = _REFERENCE.fullmatch(f"{domain}/{remainder}")
    if not problem and not match:
        problem = "invalid reference format"
    if not problem and match and len(match["name"]) > _LONGEST_NAME:
        problem = f"repository name must not be more than {_LONGEST_NAME} characters"
    if problem or not match:
        raise InvalidReference(f'couldn\'t parse image reference "{text}": {problem}')
    tag, digest = match["tag"] or "", match["digest"] or ""
    path = match["name"].removeprefix(f"{domain}/")
    return Reference(domain=domain, path=path, tag=tag if tag or digest else DEFAULT_TAG, digest=digest)


def _split_domain(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost" or first != first.lower()):
        domain, remainder = first, rest
    else:
        domain, remainder = DEFAULT_DOMAIN, text
    if domain == _LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = f"{_OFFICIAL}/{remainder}"
    return domain, remainder
