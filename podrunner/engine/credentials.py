"""Credentials for registries as the engine takes them: a pull secret's, or those that `docker login` left.

The latter are in the Docker CLI's config.json or in a credential helper, and read anew for each pull, so that a login
takes effect at once. All of them go into one request header, nowhere else.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker.auth
import docker.credentials
import docker.errors

from podrunner import errors
from podrunner.pods.keyring import Login

_log = logging.getLogger(__name__)


class UnreadableCredentials(errors.PodrunnerError):
    """The config.json or the credential helper can't be used; the text says why."""


def header_of(login: Login) -> str:
    """The `X-Registry-Auth` that says these credentials."""
    told = {"username": login.username, "password": login.password, "serveraddress": login.registry}
    return docker.auth.encode_header(told).decode()


def header(domain: str, config_dir: Path) -> str | None:
    """The `X-Registry-Auth` for the registry at `domain` (`docker.io`, `host:5000`); None without credentials for it.

    Runs the credential helper where one is configured; blocking. Raises UnreadableCredentials.
    """
    found = _read(config_dir, domain, lambda config: config.resolve_authconfig(domain))
    return docker.auth.encode_header(found).decode() if found else None


def headers(config_dir: Path) -> str | None:
    """The `X-Registry-Config` for a build, with all credentials there are; None without any. Blocking.

    What can't be read is left out, and a warning says so: most builds need none.
    """
    try:
        found = _read(config_dir, "any registry", _all) or {}
    except UnreadableCredentials as error:
        _log.warning("building without the user's credentials: %s", error)
        return None
    # The engine knows Docker Hub by its first name (docker-py #1683).
    if docker.auth.INDEX_NAME in found:
        found.setdefault(docker.auth.INDEX_URL, found[docker.auth.INDEX_NAME])
    return docker.auth.encode_header(found).decode() if found else None


def _all(config: docker.auth.AuthConfig) -> dict[str, Any]:
    found: dict[str, Any] = config.get_all_credentials()  # type: ignore[no-untyped-call]
    return found


def _read(
    config_dir: Path, wanted: str, read: Callable[[docker.auth.AuthConfig], dict[str, Any] | None]
) -> dict[str, Any] | None:
    path = config_dir / "config.json"
    if not path.is_file():
        return None
    try:
        return read(docker.auth.load_config(str(path)))
    except (docker.errors.DockerException, docker.credentials.StoreError) as error:
        # docker-py wraps the helper's own complaint.
        cause = error.__cause__ or error
        raise UnreadableCredentials(f"no credentials for {wanted} could be read from {path}: {cause}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # docker-py expects the shapes that the CLI writes, and a helper that answers with JSON.
        raise UnreadableCredentials(f"no credentials for {wanted} could be read from {path}: {error!r}") from error
