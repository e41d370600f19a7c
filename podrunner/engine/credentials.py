"""Credentials for registries as the engine takes them: a pull secret's, or those that `docker login` left.

The latter are in the Docker CLI's config.json or in a credential helper, and read anew for each pull, so that a login
takes effect at once. All of them go into one request header, nowhere else.
"""

from pathlib import Path
from typing import Any

import docker.auth
import docker.credentials
import docker.errors

from podrunner import errors
from podrunner.pods.keyring import Login


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
    path = config_dir / "config.json"
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] | None = docker.auth.load_config(str(path)).resolve_authconfig(domain)
    except (docker.errors.DockerException, docker.credentials.StoreError) as error:
        # docker-py wraps the helper's own complaint.
        cause = error.__cause__ or error
        raise UnreadableCredentials(f"no credentials for {domain} could be read from {path}: {cause}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # docker-py expects the shapes that the CLI writes, and a helper that answers with JSON.
        raise UnreadableCredentials(f"no credentials for {domain} could be read from {path}: {error!r}") from error
    return docker.auth.encode_header(found).decode() if found else None
