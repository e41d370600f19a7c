"""A registry with one small image, on 127.0.0.1, where engines ask for no TLS; it can want a password, or stumble."""

import base64
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import tarfile
import threading
import time
from collections.abc import Iterator

USER, PASSWORD = "ann", "s3cret"

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Registry(http.server.ThreadingHTTPServer):
    """`requests` lists what was asked for, `sent` counts bytes, `failures` what the next manifest requests get."""

    daemon_threads = True

    def __init__(self, *, private: bool = False, layer_bytes: int = 300_000, bytes_per_second: float = 1e9) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.private = private
        self.bytes_per_second = bytes_per_second
        self.requests: list[str] = []
        self.failures: list[int] = []
        self.sent = 0
        self.blobs: dict[str, bytes] = {}
        self.manifest = self._image(layer_bytes)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def _image(self, layer_bytes: int) -> bytes:
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as files:
            content = tarfile.TarInfo("content")
            content.size = layer_bytes
            files.addfile(content, io.BytesIO(os.urandom(layer_bytes)))
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/content"], "Cmd": ["now"], "User": "1000:1000", "StopSignal": "SIGQUIT"},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer.getvalue())]},
        }
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": self._add("application/vnd.docker.container.image.v1+json", json.dumps(config).encode()),
                "layers": [
                    self._add("application/vnd.docker.image.rootfs.diff.tar.gzip", gzip.compress(layer.getvalue(), 1))
                ],
            }
        ).encode()

    def _add(self, media_type: str, content: bytes) -> dict[str, object]:
        self.blobs[_digest(content)] = content
        return {"mediaType": media_type, "size": len(content), "digest": _digest(content)}


@contextlib.contextmanager
def serving(registry: Registry) -> Iterator[Registry]:
    threading.Thread(target=registry.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield registry
    finally:
        registry.shutdown()
        registry.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        registry = self.server
        registry.requests.append(self.path)
        if registry.private and self.headers.get("Authorization") != f"Basic {_basic()}":
            self._answer(401, b"{}", "application/json", {"WWW-Authenticate": 'Basic realm="test"'})
        elif "/manifests/" in self.path and registry.failures:
            self._answer(registry.failures.pop(0), b"stumbled", "text/plain", {})
        elif "/image/manifests/" in self.path:
            self._answer(200, registry.manifest, _MANIFEST, {"Docker-Content-Digest": _digest(registry.manifest)})
        elif (digest := self.path.rpartition("/")[2]) in registry.blobs:
            self._answer(200, registry.blobs[digest], "application/octet-stream", {})
        elif self.path == "/v2/":
            self._answer(200, b"{}", "application/json", {})
        else:
            problem = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            self._answer(404, json.dumps(problem).encode(), "application/json", {})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, body: bytes, media_type: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(ConnectionError):
                self._trickle(body)

    def _trickle(self, body: bytes) -> None:
        step = 16384
        for at in range(0, len(body), step):
            self.wfile.write(body[at : at + step])
            self.server.sent += step
            time.sleep(step / self.server.bytes_per_second)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _basic() -> str:
    return base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
