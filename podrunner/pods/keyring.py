"""The credentials for registries that a pod's imagePullSecrets hold, and which of them an image is tried with.

Source: kubernetes pkg/credentialprovider/keyring.go (`BasicDockerKeyring`), config.go, and secrets/secrets.go beside
them (`MakeDockerKeyring`). Pure; performs no I/O.
"""

import base64
import binascii
import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from podrunner import errors
from podrunner.objects.config import Secret

_DOCKER_CONFIG_JSON = "kubernetes.io/dockerconfigjson"
_KEYS = {_DOCKER_CONFIG_JSON: ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
"""The types of secrets that hold credentials for registries, and under which key."""

_DEFAULT_REGISTRY = "index.docker.io"
_DEFAULT_DOMAINS = ("docker.io", _DEFAULT_REGISTRY)
_VERSIONS = ("/v1/", "/v2/")
_URL = re.compile(
    r"(?:https?://)?(?:[^/@]*@)?(?P<host>(?:\[[0-9a-fA-F:.]+\]|[^/?#\s^:]*)(?::[0-9]*)?)(?P<path>/[^?#]*|)(?:[?#].*)?"
)
_PORT = re.compile(r"(?:\[(?P<address>[^\]]*)\]|(?P<name>[^:]*)):(?P<port>[0-9]*)")


class UnreadableSecret(errors.PodrunnerError):
    """A pull secret does not hold what its type says; the text tells nothing of its content."""


class Login(msgspec.Struct, frozen=True):
    """A user name and password for one registry. Its text tells neither."""

    registry: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.registry})"


Keyring = Mapping[str, tuple[Login, ...]]
"""Credentials by what they are for: a host or a host and path, either with globs in the host's parts."""


def of(secrets: Iterable[Secret]) -> Keyring:
    """What the secrets hold; those of other types hold nothing. Raises UnreadableSecret."""
    ring: dict[str, tuple[Login, ...]] = {}
    for secret in secrets:
        for location, entry in _entries(secret).items():
            key = _key(location)
            if key:
                ring[key] = (*ring.get(key, ()), _login(secret, key, entry))
    return ring


def logins(ring: Keyring, repository: str) -> tuple[Login, ...]:
    """Those for an image's repository, `docker.io/library/busybox`, in the order in which they are tried."""
    # In reverse order longer paths come before shorter ones.
    found = [login for key in sorted(ring, reverse=True) if _matches(key, repository) for login in ring[key]]
    if not found and repository.partition("/")[0] in _DEFAULT_DOMAINS:
        found += ring.get(_DEFAULT_REGISTRY, ())
    return tuple(found)


def _entries(secret: Secret) -> Mapping[str, Any]:
    text = secret.data.get(_KEYS.get(secret.type, ""))
    if not text:
        return {}
    try:
        content = msgspec.json.decode(text, type=dict[str, Any])
        entries = content.get("auths") or {} if secret.type == _DOCKER_CONFIG_JSON else content
        return msgspec.convert(entries, dict[str, dict[str, Any]])
    except msgspec.MsgspecError:
        # What msgspec says may quote the text.
        raise _unreadable(secret, "it is no configuration of the Docker CLI") from None


def _login(secret: Secret, key: str, entry: Mapping[str, Any]) -> Login:
    """Source: `UnmarshalJSON` of DockerConfigEntry and `decodeDockerConfigFieldAuth`."""
    auth, name, password = (entry.get(field) or "" for field in ("auth", "username", "password"))
    if not all(isinstance(value, str) for value in (auth, name, password)):
        raise _unreadable(secret, "auth, username and password must be text")
    if not auth:
        return Login(key, name, password)
    try:
        padded = auth.strip() + "=" * (-len(auth.strip()) % 4)
        name, colon, password = base64.b64decode(padded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError, ValueError):
        colon = ""
    if not colon:
        raise _unreadable(secret, "unable to parse auth field, must be formatted as base64(username:password)")
    return Login(key, name, password)


def _unreadable(secret: Secret, problem: str) -> UnreadableSecret:
    return UnreadableSecret(f'image pull secret "{secret.metadata.name}" can\'t be read: {problem}')


def _key(location: str) -> str:
    """What the entry is for, without scheme and API version; "" if that is no URL."""
    parts = _URL.fullmatch(location)
    if parts is None:
        return ""
    path = parts["path"][3:] if parts["path"].startswith(_VERSIONS) else parts["path"]
    return parts["host"] + (path if path != "/" else "")


def _matches(key: str, repository: str) -> bool:
    """Source: `URLsMatch`: the same number of parts in the host, the same port, the path a prefix as text."""
    (glob, glob_port, glob_path), (host, port, path) = _split(key), _split(repository)
    if glob_port != port or len(glob) != len(host) or not path.startswith(glob_path):
        return False
    return all(fnmatch.fnmatchcase(part, wanted) for wanted, part in zip(glob, host, strict=True))


def _split(location: str) -> tuple[list[str], str, str]:
    """The parts of the host, the port, the path."""
    host, slash, path = location.partition("/")
    if found := _PORT.fullmatch(host):
        return (found["address"] or found["name"] or "").split("."), found["port"], slash + path
    return host.split("."), "", slash + path
