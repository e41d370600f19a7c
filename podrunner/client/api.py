"""The calls of the server's API that the command line makes, in objects' types.

Kubernetes' own paths under /api/v1, podrunner's under /apis/podrunner.dev/v1.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from podrunner import errors
from podrunner.client import http
from podrunner.client.actions import PodRef
from podrunner.objects import cluster, codec, meta
from podrunner.objects.pod import Pod

OWN_PATH = "/apis/podrunner.dev/v1"

S = TypeVar("S", bound=msgspec.Struct)


class Engine(msgspec.Struct, frozen=True, rename="camel"):
    address: str = ""
    version: str = ""
    api_version: str = ""


class Https(msgspec.Struct, frozen=True, rename="camel"):
    """Where Kubernetes clients find the server once it is `ready`, and what is wrong if it is not going to be."""

    address: str = ""
    port: int = 0
    ready: bool = False
    problem: str = ""


class ServerInfo(msgspec.Struct, frozen=True, rename="camel"):
    """What the server says of itself; `pods` counts those it looks after.

    `network` is that of pods that name none, "" for podrunner's own; `idle_timeout_seconds` 0 means never;
    `backoff_scale` is how much of Kubernetes' back-off is waited for.
    """

    version: str
    pid: int
    engine: Engine
    pods: int
    idle_timeout_seconds: float
    started_at: datetime
    https: Https = Https()
    network: str = ""
    backoff_scale: float = 1.0


class RunMessage(msgspec.Struct, frozen=True):
    """A line of a run's lease: HELD first, then PING every few seconds and PULL for each step of a layer's way.

    Or one of a build: PULL, OUTPUT with some `text`, and at its end BUILT, or FAILED with the reason as `text`.
    """

    type: str
    namespace: str = ""
    pod: str = ""
    container: str = ""
    reference: str = ""
    layer: str = ""
    status: str = ""
    current: int = 0
    total: int = 0
    text: str = ""


class _Change(msgspec.Struct):
    type: str
    object: msgspec.Raw


def create_pod(server: http.Server, pod: Pod) -> Pod:
    """The pod as the server admitted it. Raises `AlreadyExists`, `Invalid`."""
    path = _pods_path(pod.metadata.namespace)
    return _read(server.request("POST", path, body=codec.encode(pod)).body, Pod)


def create_namespace(server: http.Server, name: str) -> None:
    """Creates a namespace. Raises `AlreadyExists`, `Invalid`."""
    namespace = cluster.Namespace(metadata=meta.ObjectMeta(name=name))
    server.request("POST", "/api/v1/namespaces", body=codec.encode(namespace))


def get_pod(server: http.Server, ref: PodRef) -> Pod:
    """The pod. Raises `NotFound`."""
    return _read(server.request("GET", _pod_path(ref)).body, Pod)


def delete_pod(server: http.Server, ref: PodRef, *, uid: str, grace_seconds: int | None) -> None:
    """Starts the deletion of the pod of that uid; it is there until its containers are gone, with no grace too.

    Raises `NotFound`, and `Conflict` if another pod has the name now.
    """
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": uid},
        "propagationPolicy": "Foreground",
    }
    if grace_seconds is not None:
        options["gracePeriodSeconds"] = grace_seconds
    server.request("DELETE", _pod_path(ref), body=msgspec.json.encode(options))


def watch_pod(server: http.Server, ref: PodRef, since: str) -> http.Stream:
    """The changes of one pod after the resourceVersion `since`; `changes` reads them."""
    return _watch(server, _pods_path(ref.namespace), f"metadata.name={ref.name}", since)


def watch_events(server: http.Server, namespace: str, uid: str, since: str) -> http.Stream:
    """The events about the object of that uid after the resourceVersion `since`, or all; `changes` reads them."""
    path = f"/api/v1/namespaces/{quote(namespace)}/events"
    return _watch(server, path, f"involvedObject.uid={uid}", since)


def changes(blocks: Iterable[bytes], type_: type[S]) -> Iterator[tuple[str, S]]:
    """What a watch brings: ADDED, MODIFIED or DELETED, and the object. Raises what an ERROR tells (`Expired`)."""
    for line in http.lines(blocks):
        change = _read(line, _Change)
        if change.type == "ERROR":
            raise http.status_error(bytes(change.object))
        if change.type != "BOOKMARK":
            yield change.type, _read(bytes(change.object), type_)


def follow_log(server: http.Server, ref: PodRef, container: str, *, previous: bool) -> http.Stream:
    """What the container's present (or previous) instance has written and writes until it ends."""
    query = {"container": container, "follow": "true"} | ({"previous": "true"} if previous else {})
    return server.stream("GET", f"{_pod_path(ref)}/log", query=query)


def attend_run(server: http.Server, run_id: str, *, lease: bool, network: bool) -> http.Stream:
    """The lease of a run: its pods live until it closes (with `lease`). `run_messages` reads what it brings.

    `network`: the run's pods are going to need podrunner's own network, which the server then makes in advance.
    """
    query = {"lease": "true" if lease else "false", "network": "true" if network else "false"}
    return server.stream("GET", f"{OWN_PATH}/runs/{run_id}", query=query)


def build_image(server: http.Server, reference: str, directory: Path) -> http.Stream:
    """Has an image built from a directory, until the stream closes. `run_messages` reads what it brings.

    Raises BadRequest for a name or a directory that can't be.
    """
    body = msgspec.json.encode({"reference": reference, "directory": str(directory)})
    return server.stream("POST", f"{OWN_PATH}/builds", body=body)


def run_messages(blocks: Iterable[bytes]) -> Iterator[RunMessage]:
    """What a run's lease, or a build, brings."""
    for line in http.lines(blocks):
        yield _read(line, RunMessage)


def server_info(server: http.Server) -> ServerInfo:
    """What the server says of itself."""
    return _read(server.request("GET", f"{OWN_PATH}/server").body, ServerInfo)


def stop_server(server: http.Server) -> None:
    """Asks the server to leave; it has not left yet when this returns."""
    server.request("POST", f"{OWN_PATH}/server/stop", body=b"{}")


def _read(data: bytes, type_: type[S]) -> S:
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.MsgspecError as error:
        text = f"podrunner's server answered something unexpected ({error}); is it of another version?"
        raise errors.ServerError(f"{text} `podrunner server stop` ends it") from error


def _watch(server: http.Server, path: str, field_selector: str, since: str) -> http.Stream:
    query = {"watch": "1", "fieldSelector": field_selector} | ({"resourceVersion": since} if since else {})
    return server.stream("GET", path, query=query)


def _pods_path(namespace: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace)}/pods"


def _pod_path(ref: PodRef) -> str:
    return f"{_pods_path(ref.namespace)}/{quote(ref.name)}"
