"""Where the Docker Engine is: at the address the Docker CLI would use. Reads the CLI's files; opens no connection.

The order is `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of the CLI's config.json, then the well-known sockets.
Every `podrunner run` imports this module: what only some addresses need is imported where it is used.
"""

import os
import socket
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from podrunner import errors


class TLS(msgspec.Struct, frozen=True, kw_only=True):
    """How to talk TLS. Without `ca` the machine's own authorities count; `cert` and `key` come together."""

    verify: bool = True
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is unix://, tcp:// or ssh://; `source` says who named it."""

    url: str
    source: str
    tls: TLS | None = None

    def __str__(self) -> str:
        return f"{self.url} (from {self.source})"


def resolve(environ: Mapping[str, str], config_dir: Path | None = None) -> Address:
    """The engine's address; `config_dir` is the Docker CLI's (default: `$DOCKER_CONFIG`, else `~/.docker`).

    Raises EngineUnreachable for a context that does not exist or can't be read.
    """
    config_dir = config_dir or config_directory(environ)
    if host := environ.get("DOCKER_HOST"):
        return Address(url=_with_scheme(host), source="DOCKER_HOST", tls=_tls_of_environment(environ, config_dir))
    name, source = _context_name(environ, config_dir)
    if name not in ("", "default"):
        return _of_context(name, source, config_dir)
    return Address(url=f"unix://{first_usable(well_known_sockets(environ))}", source="the well-known sockets")


def machine_ip(url: str) -> str:
    """The IP address of the machine that the engine at `url` is on; sends nothing.

    For an engine on this machine the one under which others reach this machine, 127.0.0.1 if none could.
    """
    host = urlsplit(url).hostname
    try:
        if host:
            return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # To connect a datagram socket only asks the routing table; the address is reserved for documentation.
            probe.connect(("198.51.100.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


def config_directory(environ: Mapping[str, str]) -> Path:
    """Where the Docker CLI keeps its configuration."""
    return Path(environ.get("DOCKER_CONFIG") or _home(environ) / ".docker")


def well_known_sockets(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where engines listen by default: the system's, a rootless one's, and the desktop products' that run Linux VMs."""
    home = _home(environ)
    runtime_dir = environ.get("XDG_RUNTIME_DIR")
    return (
        Path("/var/run/docker.sock"),
        *([Path(runtime_dir) / "docker.sock"] if runtime_dir else []),
        home / ".docker/run/docker.sock",
        home / ".docker/desktop/docker.sock",
        home / ".colima/default/docker.sock",
        home / ".orbstack/run/docker.sock",
        home / ".rd/docker.sock",
    )


def first_usable(sockets: Iterable[Path]) -> Path:
    """The first that this user may connect to; else the first there is; else the first."""
    candidates = list(sockets)
    present = [path for path in candidates if _is_socket(path)]
    usable = [path for path in present if os.access(path, os.R_OK | os.W_OK)]
    return (usable or present or candidates)[0]


def _with_scheme(host: str) -> str:
    return host if "://" in host else f"tcp://{host}"


def _tls_of_environment(environ: Mapping[str, str], config_dir: Path) -> TLS | None:
    if not environ.get("DOCKER_TLS_VERIFY"):
        return None
    return _tls_of_folder(Path(environ.get("DOCKER_CERT_PATH") or config_dir), verify=True)


def _tls_of_folder(folder: Path, *, verify: bool) -> TLS:
    """What the folder has of the files that `docker` looks for; like there, a missing one is left out."""
    files = {name: path for name in ("ca", "cert", "key") if (path := folder / f"{name}.pem").is_file()}
    return TLS(verify=verify, **files)


def _context_name(environ: Mapping[str, str], config_dir: Path) -> tuple[str, str]:
    if name := environ.get("DOCKER_CONTEXT"):
        return name, "DOCKER_CONTEXT"
    path = config_dir / "config.json"
    return str(_read_json(path).get("currentContext", "")), str(path)


def _read_json(path: Path) -> dict[str, Any]:
    """The object in the file; empty, with a warning in the log, if it can't be read (the CLI goes on too)."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        import logging

        logging.getLogger(__name__).warning("cannot read %s: %s", path, error)
        return {}
    return content if isinstance(content, dict) else {}


def _of_context(name: str, source: str, config_dir: Path) -> Address:
    import hashlib

    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config_dir / "contexts/meta" / digest / "meta.json"
    try:
        endpoint = msgspec.json.decode(meta.read_bytes())["Endpoints"]["docker"]
        url = endpoint["Host"]
    except FileNotFoundError:
        problem = f"Docker context {name!r} (from {source}) does not exist; `docker context ls` lists those that do"
        raise errors.EngineUnreachable(problem) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"Docker context {name!r} (from {source}) has no usable endpoint in {meta}: {error!r}"
        raise errors.EngineUnreachable(problem) from error
    folder = config_dir / "contexts/tls" / digest / "docker"
    skip_verify = bool(endpoint.get("SkipTLSVerify"))
    tls = _tls_of_folder(folder, verify=not skip_verify) if skip_verify or folder.is_dir() else None
    return Address(url=url, source=f"context {name!r} of {source}", tls=tls)


def _home(environ: Mapping[str, str]) -> Path:
    # Path.home() raises, and this leaves the "~", where HOME is unset and the user's id in no list of users.
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111
    return Path("/nonexistent" if home == "~" else home)


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False
