"""The real kubectl, talking to a small server that answers from a dictionary and keeps what it is sent."""

import json
import os
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from podrunner.objects import kinds

PROTOBUF = "application/vnd.kubernetes.protobuf"
KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"


def _discovery() -> dict[str, Any]:
    """What tells kubectl of every kind that podrunner stores."""
    groups = sorted({kind.group for kind in kinds.KINDS} - {""})
    versions = [{"groupVersion": f"{group}/v1", "version": "v1"} for group in groups]
    answers: dict[str, Any] = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [
                {"name": group, "versions": [version], "preferredVersion": version}
                for group, version in zip(groups, versions, strict=True)
            ],
        },
    }
    for kind in kinds.KINDS:
        listing = {"kind": "APIResourceList", "groupVersion": kind.api_version, "resources": []}
        answers.setdefault(kind.path, listing)["resources"].append(
            {
                "name": kind.plural,
                "singularName": kind.singular,
                "namespaced": kind.namespaced,
                "kind": kind.name,
                "verbs": ["create", "get", "list", "watch"],
            }
        )
    return answers


class Sent(NamedTuple):
    """One object that was to be created."""

    path: str
    media_type: str
    body: bytes


class Kubectl:
    """kubectl in front of a server that answers each GET from `objects`, and each POST with what it got.

    The keys of `objects` are paths, with or without the query; the values JSON data, or the bytes of a whole body.
    """

    def __init__(self, home: Path, objects: Mapping[str, Any], decoded: Callable[[bytes], Any]) -> None:
        self.sent: list[Sent] = []
        self.decoded = decoded
        self._home = home
        self._objects = {**_discovery(), **objects}

    def __enter__(self) -> "Kubectl":
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = world._objects.get(self.path, world._objects.get(self.path.partition("?")[0]))
                missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
                self._answer(404 if found is None else 200, missing if found is None else found)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path, media_type = self.path.partition("?")[0], self.headers["Content-Type"]
                world.sent.append(Sent(path, media_type, body))
                self._answer(201, world.decoded(body) if media_type == PROTOBUF else json.loads(body))

            def _answer(self, code: int, data: Any) -> None:
                content = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs one command to its end."""
        port = self._server.server_address[1]
        environment = {"HOME": str(self._home), "KUBECONFIG": os.devnull, "PATH": os.environ["PATH"]}
        command = [str(KUBECTL), f"--server=http://127.0.0.1:{port}", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
