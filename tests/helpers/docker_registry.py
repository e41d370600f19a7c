"""Debian's docker-registry. Nobody gets anything without the password.

On 127.0.0.1 engines ask for no TLS; beside it the same images can be had elsewhere on this machine, where they do.

Its package is fetched and unpacked, not installed: no service of it runs beyond the tests, and no root is needed.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandline import IMAGE, eventually

USER, PASSWORD = "wanda", "opensesame"

_BY_THE_OWNER = {
    "Accept": "application/vnd.docker.distribution.manifest.v2+json",
    "Authorization": f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}",
}

_PACKAGE = "docker-registry"
_HTPASSWD = "wanda:$2b$05$podrunnertestsaltabcdekuagMPB5lzm2ADpJCN.KdITyR7rbUme\n"
_CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {directory}/storage}}}}
http: {{addr: "{address}:0"{tls}}}
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

    def digest(self, reference: str) -> str:
        """What a published image can be pulled by whatever its tag: `HOST/NAME@sha256:…`."""
        name, _, tag = reference.removeprefix(f"{self.host}/").partition(":")
        asked = urllib.request.Request(f"http://{self.host}/v2/{name}/manifests/{tag}", headers=_BY_THE_OWNER)
        with urllib.request.urlopen(asked) as answer:
            return f"{self.host}/{name}@{answer.headers['Docker-Content-Digest']}"

    def visits(self) -> int:
        """How often an engine came to pull or push: each time it first asks whether there is a registry."""
        return (self._directory / "log").read_text().count('"GET /v2/ HTTP/1.1" 401')

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
    with _serving(directory, cache, "127.0.0.1", "log") as host:
        registry = Registry(host, directory)
        yield registry
        registry.forget()


@contextlib.contextmanager
def encrypted(directory: Path, cache: Path, address: str) -> Iterator[str]:
    """What `running` serves from the same directory, over TLS; where that is.

    The certificate is `certificate.pem` in the directory, and its own authority.
    """
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=tests"]
    options = ["-addext", f"subjectAltName=IP:{address}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *options], check=True, capture_output=True)
    tls = f", tls: {{certificate: {certificate}, key: {key}}}"
    with _serving(directory, cache, address, "log-tls", tls) as host:
        yield host


@contextlib.contextmanager
def _serving(directory: Path, cache: Path, address: str, log_name: str, tls: str = "") -> Iterator[str]:
    config, log = directory / f"{log_name}.yml", directory / log_name
    config.write_text(_CONFIG.format(directory=directory, address=address, tls=tls))
    with log.open("wb") as output:
        process = subprocess.Popen([_program(cache), "serve", config], stdout=output, stderr=output)
    try:
        yield eventually(lambda: re.search(r"listening on ([0-9.]+:[0-9]+)", log.read_text()))[1]
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
