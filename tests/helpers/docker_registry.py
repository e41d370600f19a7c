"""Debian's docker-registry on 127.0.0.1, where engines ask for no TLS. Nobody gets anything without the password.

Its package is fetched and unpacked, not installed: no service of it runs beyond the tests, and no root is needed.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandline import IMAGE, eventually

USER, PASSWORD = "wanda", "opensesame"

_PACKAGE = "docker-registry"
_HTPASSWD = "wanda:$2b$05$podrunnertestsaltabcdekuagMPB5lzm2ADpJCN.KdITyR7rbUme\n"
_CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {directory}/storage}}}}
http: {{addr: "127.0.0.1:0"}}
auth: {{htpasswd: {{realm: tests, path: {directory}/htpasswd}}}}
"""


class Registry:
    """A running registry; `host` is what its images' names begin with."""

    def __init__(self, host: str, directory: Path) -> None:
        self.host = host
        self._directory = directory
        self._published: list[str] = []

    def publish(self, name: str, *, layers: int = 1, layer_bytes: int = 1000) -> str:
        """Builds an image of random layers upon busybox, pushes it and removes it from the engine; its reference."""
        reference = f"{self.host}/{name}"
        with tempfile.TemporaryDirectory(dir=self._directory) as context:
            for number in range(layers):
                Path(context, f"layer-{number}").write_bytes(os.urandom(layer_bytes))
            copies = "".join(f"COPY layer-{number} /layer-{number}\n" for number in range(layers))
            Path(context, "Dockerfile").write_text(f"FROM {IMAGE}\n{copies}")
            _docker("build", "--quiet", "--tag", reference, context, DOCKER_BUILDKIT="0")
        config = self._directory / "pusher"
        login(config, self.host)
        _docker("push", "--quiet", reference, DOCKER_CONFIG=str(config))
        forget(reference)
        self._published.append(reference)
        return reference

    def forget(self) -> None:
        """Removes from the engine what was published, and pulled again."""
        for reference in self._published:
            forget(reference)


def login(config_dir: Path, host: str, password: str = PASSWORD) -> None:
    """Leaves in the Docker CLI's configuration what `docker login` does."""
    credentials = b64encode(f"{USER}:{password}".encode()).decode()
    config_dir.mkdir(exist_ok=True)
    (config_dir / "config.json").write_text(json.dumps({"auths": {host: {"auth": credentials}}}))


def forget(reference: str) -> None:
    """Removes the image from the engine, if it is there."""
    subprocess.run(["docker", "image", "rm", "--force", reference], check=False, capture_output=True)


@contextlib.contextmanager
def running(directory: Path, cache: Path) -> Iterator[Registry]:
    """A registry with its files below `directory`; its program is looked for, and put, below `cache`."""
    (directory / "htpasswd").write_text(_HTPASSWD)
    (directory / "config.yml").write_text(_CONFIG.format(directory=directory))
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([_program(cache), "serve", directory / "config.yml"], stdout=output, stderr=output)
    try:
        found = eventually(lambda: re.search(r"listening on (127\.0\.0\.1:[0-9]+)", log.read_text()))
        registry = Registry(found[1], directory)
        yield registry
        registry.forget()
    finally:
        process.terminate()
        process.wait()


def _program(cache: Path) -> Path:
    program = cache / "usr/bin/docker-registry"
    if not program.exists():
        if not shutil.which("apt-get"):
            pytest.skip(f"the package {_PACKAGE} comes from Debian or Ubuntu")
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(["apt-get", "download", "--quiet", _PACKAGE], cwd=scratch, check=True)
            (package,) = Path(scratch).glob("*.deb")
            subprocess.run(["dpkg", "-x", package, cache], check=True)
    return program


def _docker(*arguments: str, **environ: str) -> None:
    command = ["docker", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **environ})
    assert done.returncode == 0, done.stderr
