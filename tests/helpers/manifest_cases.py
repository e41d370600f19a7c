"""Valid pod manifests, and named ways to break one, each knowing the field and the line at fault.

Seeded: the same number always gives the same text. The text is written by a writer of its own that notes the line of
every field, so that nothing of the loader's own bookkeeping is trusted. Used by every test that needs many manifests.
"""

import functools
import itertools
import json
import pickle
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Data: TypeAlias = dict[str, Any]


class Fault(NamedTuple):
    """Where a broken manifest is wrong: the path that has to be reported, and the field whose line has to be."""

    path: Path
    at: Path


class Manifest(NamedTuple):
    text: str
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of the field, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines[path]


class Twice(NamedTuple):
    """A key the writer writes two times."""

    first: Any
    second: Any


def valid(seed: int) -> Manifest:
    """A pod manifest without any fault."""
    return write(_pod(seed), Random(seed))


def broken(name: str, seed: int) -> tuple[Manifest, Fault]:
    """A pod manifest broken by the named mutation."""
    data = _pod(seed)
    fault = MUTATIONS[name](data, Random(seed))
    return write(data, Random(seed)), fault if isinstance(fault, Fault) else Fault(fault, fault)


def text_path(path: Path) -> str:
    """The path as an error message has it."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


# --- pods ------------------------------------------------------------


@functools.cache
def _frozen_pod(seed: int) -> bytes:
    return pickle.dumps(_new_pod(Random(seed)))


def _pod(seed: int) -> Data:
    """One of 1 000 pods; a copy of its own, for a mutation to change."""
    data: Data = pickle.loads(_frozen_pod(seed % 1000))
    return data


def _new_pod(rng: Random) -> Data:
    count = rng.choice([1, 1, 2])
    volumes = [_volume(rng, f"vol-{index}") for index in range(rng.randint(0, 2))]
    spec: Data = {
        "containers": [_container(rng, f"main-{index}", 8000 + 100 * index, volumes) for index in range(count)]
    }
    if rng.random() < 0.5:
        spec["initContainers"] = [_plain_container(rng, f"init-{index}", volumes) for index in range(rng.randint(1, 2))]
    if volumes:
        spec["volumes"] = volumes
    options: list[tuple[str, Any]] = [
        ("restartPolicy", rng.choice(["Always", "OnFailure", "Never"])),
        ("terminationGracePeriodSeconds", rng.randint(0, 60)),
        ("hostname", f"host-{rng.randint(0, 99)}"),
        ("dnsPolicy", rng.choice(["ClusterFirst", "Default"])),
        ("nodeSelector", {"kubernetes.io/os": "linux"}),
        ("tolerations", [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]),
        ("hostAliases", [{"ip": "10.1.2.3", "hostnames": ["one.example.com", "two"]}]),
        ("securityContext", {"runAsUser": rng.randint(0, 65535), "fsGroup": 1000}),
        ("activeDeadlineSeconds", rng.randint(1, 600)),
    ]
    spec.update(rng.sample(options, rng.randint(0, 2)))
    metadata: Data = {"name": f"pod-{rng.randint(0, 9999)}", "labels": {"app": "kubia", "tier": rng.choice("abc")}}
    if rng.random() < 0.3:
        metadata["annotations"] = {"example.com/note": "some text: with a colon", "plain": "# no comment"}
    if rng.random() < 0.3:
        metadata["namespace"] = "default"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _plain_container(rng: Random, name: str, volumes: list[Data]) -> Data:
    """What init containers may have too."""
    container: Data = {
        "name": name,
        "image": f"{rng.choice(['busybox', 'luksa/kubia', 'r.io:5000/a/b'])}:1.{rng.randint(0, 9)}",
    }
    options: list[tuple[str, Any]] = [
        ("command", ["sh", "-c", rng.choice(["sleep 5", "echo 'hi'; exit 0", "true"])]),
        ("args", ["--flag", "$(NAME)"]),
        ("env", [{"name": "NAME", "value": rng.choice(["x", "8080", "yes", "a: b", ""])}, _env_reference(rng)]),
        ("imagePullPolicy", rng.choice(["Always", "IfNotPresent", "Never"])),
        ("resources", {"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"cpu": rng.choice(["100m", "0.5"])}}),
        ("workingDir", "/work"),
        ("tty", True),
    ]
    container.update(rng.sample(options, rng.randint(0, 2)))
    if volumes and rng.random() < 0.5:
        container["volumeMounts"] = [{"name": rng.choice(volumes)["name"], "mountPath": "/mnt/data", "readOnly": True}]
    return container


def _container(rng: Random, name: str, port: int, volumes: list[Data]) -> Data:
    container = _plain_container(rng, name, volumes)
    options: list[tuple[str, Any]] = [
        ("ports", [{"name": "http", "containerPort": port}, {"containerPort": port + 1, "protocol": "UDP"}]),
        ("livenessProbe", {"httpGet": {"path": "/", "port": port}, "periodSeconds": rng.randint(1, 30)}),
        ("readinessProbe", {"exec": {"command": ["true"]}, "initialDelaySeconds": 1}),
        ("lifecycle", {"preStop": {"exec": {"command": ["sleep", "1"]}}}),
        ("securityContext", {"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}}),
    ]
    container.update(rng.sample(options, rng.randint(0, 2)))
    return container


def _env_reference(rng: Random) -> Data:
    source: Data = rng.choice(
        [
            {"fieldRef": {"fieldPath": "metadata.name"}},
            {"secretKeyRef": {"name": "credentials", "key": "password"}},
            {"resourceFieldRef": {"resource": "limits.cpu"}},
        ]
    )
    return {"name": "REF", "valueFrom": source}


def _volume(rng: Random, name: str) -> Data:
    source: Data = rng.choice(
        [
            {"emptyDir": {}},
            {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            {"configMap": {"name": "settings", "items": [{"key": "a", "path": "b/c"}]}},
            {"hostPath": {"path": "/tmp/x", "type": "Directory"}},
        ]
    )
    return {"name": name, **source}


# --- text ------------------------------------------------------------

_PLAIN = re.compile(r"[a-zA-Z/][a-zA-Z0-9/._-]*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def write(data: Data, rng: Random) -> Manifest:
    """YAML in one of several styles, chosen by `rng`."""
    writer = _Writer(rng)
    writer.mapping(data, "", ())
    writer.lines[()] = min(writer.lines.values())
    return Manifest("\n".join(writer.text) + "\n", writer.lines)


class _Writer:
    def __init__(self, rng: Random) -> None:
        self.text: list[str] = rng.choice([[], ["---"], ["# a pod", ""], ["%YAML 1.1", "---"]])
        self.lines: dict[Path, int] = {}
        self._list_indent = rng.choice(["", "  "])
        self._flow = rng.random() < 0.5
        self._quote = rng.random() < 0.3
        self._comment_every = rng.choice([0, 0, 7, 11])

    def mapping(self, data: Data, pad: str, path: Path, first: str | None = None) -> None:
        """`first` is what goes before the first key instead of `pad`: the dash of a list item."""
        for key, value in data.items():
            for each in value if isinstance(value, Twice) else (value,):
                self._entry(key, each, pad, (*path, key), pad if first is None else first)
                first = None

    def _entry(self, key: str, value: Any, pad: str, path: Path, start: str) -> None:
        if self._comment_every and len(self.text) % self._comment_every == 0 and start == pad:
            self.text.append("# a comment")
        self.lines[path] = len(self.text) + 1
        head = f"{start}{key}:"
        if not isinstance(value, (dict, list)) or not value or (self._flow and _is_flat(value)):
            self.text.append(f"{head} {self._inline(value, path)}")
        elif isinstance(value, dict):
            self.text.append(head)
            self.mapping(value, pad + "  ", path)
        else:
            self.text.append(head)
            self._items(value, pad + self._list_indent, path)

    def _items(self, items: list[Any], pad: str, path: Path) -> None:
        for index, item in enumerate(items):
            self.lines[(*path, index)] = len(self.text) + 1
            if isinstance(item, dict) and item:
                self.mapping(item, pad + "  ", (*path, index), first=f"{pad}- ")
            else:
                self.text.append(f"{pad}- {self._inline(item, (*path, index))}")

    def _inline(self, value: Any, path: Path) -> str:
        if isinstance(value, dict):
            for key in value:
                self.lines[(*path, key)] = len(self.text) + 1
            return "{" + ", ".join(f"{key}: {self._inline(each, (*path, key))}" for key, each in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self._inline(each, (*path, index)) for index, each in enumerate(value)) + "]"
        return _scalar(value, self._quote)


@functools.lru_cache(maxsize=None, typed=True)
def _scalar(value: Any, quote: bool) -> str:
    if isinstance(value, str) and not quote and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value)


def _is_flat(value: Data | list[Any]) -> bool:
    return len(value) <= 2 and not any(
        isinstance(each, (dict, list, tuple)) for each in (value.values() if isinstance(value, dict) else value)
    )


# --- mutations ------------------------------------------------------------

Mutation: TypeAlias = Callable[[Data, Random], Fault | Path]
MUTATIONS: dict[str, Mutation] = {}


def _mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__] = function
    return function


def _set(data: Data, path: Path, value: Any) -> Path:
    """Sets a field, making the mappings around it where they are missing; in a list, appends behind its end."""
    target: Any = data
    for step, following in itertools.pairwise(path):
        if isinstance(target, list):
            target = target[int(step)]
        else:
            target = target.setdefault(step, [] if isinstance(following, int) else {})
    last = path[-1]
    if isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value
    return path


def _rename(data: Data, around: Path, old: str, new: str) -> Path:
    target: Any = data
    for step in around:
        target = target[step]
    items = [(new if key == old else key, value) for key, value in target.items()]
    target.clear()
    target.update(items)
    return (*around, new)


def _any_container(data: Data, rng: Random) -> Path:
    """The path of a container, of either kind."""
    return rng.choice(list(_containers(data)))


def _containers(data: Data) -> Iterator[Path]:
    for field in ("initContainers", "containers"):
        for index in range(len(data["spec"].get(field, ()))):
            yield "spec", field, index


def _main(data: Data, rng: Random) -> Path:
    return "spec", "containers", rng.randrange(len(data["spec"]["containers"]))


def _add(data: Data, around: Path, field: str, *values: Any) -> Path:
    """Puts a list in place of a field's value; the path of its last item."""
    _set(data, (*around, field), list(values))
    return (*around, field, len(values) - 1)


def _simple(name: str, path: Path, *values: Any) -> None:
    """A mutation that sets one field of the pod to one of some wrong values."""
    MUTATIONS[name] = lambda data, rng: _set(data, path, rng.choice(values))


def _simple_container(name: str, field: str, *values: Any) -> None:
    """A mutation that sets one field of any container to one of some wrong values."""
    MUTATIONS[name] = lambda data, rng: _set(data, (*_any_container(data, rng), field), rng.choice(values))


_simple("unknown_field_at_the_top", ("sepc",), {}, 1, "x")
_simple("unknown_metadata_field", ("metadata", "lables"), {"a": "b"})
_simple("unknown_spec_field", ("spec", "replicas"), 3)
_simple("wrong_kind", ("kind",), "Deployment", "Job", "pod")
_simple("wrong_api_version", ("apiVersion",), "apps/v1", "v2", "v1beta1")
_simple("pod_name_malformed", ("metadata", "name"), "Kubia", "a_b", "-a", "a..b", "a" * 254)
_simple("namespace_malformed", ("metadata", "namespace"), "Default", "a.b", "x" * 64)
_simple("labels_not_a_mapping", ("metadata", "labels"), ["app"], "app")
_simple("no_containers", ("spec", "containers"), [])
_simple("containers_not_a_list", ("spec", "containers"), {"name": "a"}, "a", 3)
_simple("restart_policy_unknown", ("spec", "restartPolicy"), "always", "Sometimes")
_simple("dns_policy_unknown", ("spec", "dnsPolicy"), "clusterFirst", "Host")
_simple("deadline_not_positive", ("spec", "activeDeadlineSeconds"), 0, -5, 2**31)
_simple("grace_period_negative", ("spec", "terminationGracePeriodSeconds"), -1)
_simple("grace_period_not_a_number", ("spec", "terminationGracePeriodSeconds"), "30s", "thirty", 1.5)
_simple("hostname_malformed", ("spec", "hostname"), "my host", "UPPER", "a.b")
_simple("host_network_not_a_boolean", ("spec", "hostNetwork"), "true", 1)
_simple("user_id_out_of_range", ("spec", "securityContext", "runAsUser"), -1, 2**32)
_simple_container("image_missing_value", "image", "")
_simple_container("image_with_whitespace", "image", " busybox", "busybox:1.0 ")
_simple_container("container_name_malformed", "name", "My_Container", "a.b", "x" * 64)
_simple_container("container_name_not_a_string", "name", 42, True)
_simple_container("pull_policy_unknown", "imagePullPolicy", "always", "IfPresent")
_simple_container("command_not_a_list", "command", "sleep 10", {"a": "b"})
_simple_container("unknown_container_field", "imagePolicy", "Always")
_simple_container("message_policy_unknown", "terminationMessagePolicy", "Log")
_simple_container("tty_not_a_boolean", "tty", "yes", 0)


@_mutation
def containers_misspelt(data: Data, _rng: Random) -> Path:
    return _rename(data, ("spec",), "containers", "contaners")


@_mutation
def image_misspelt(data: Data, rng: Random) -> Path:
    return _rename(data, _any_container(data, rng), "image", "imagee")


@_mutation
def kind_missing(data: Data, _rng: Random) -> Fault:
    del data["kind"]
    return Fault(("kind",), ())


@_mutation
def pod_name_missing(data: Data, _rng: Random) -> Fault:
    del data["metadata"]["name"]
    return Fault(("metadata", "name"), ("metadata",))


@_mutation
def label_value_malformed(data: Data, rng: Random) -> Fault:
    value = rng.choice(["two words", "-dash", "x" * 64])
    return Fault(("metadata", "labels"), _set(data, ("metadata", "labels", "app"), value))


@_mutation
def label_key_malformed(data: Data, rng: Random) -> Fault:
    key = rng.choice(["-app", "a/b/c", "Example.com/x"])
    return Fault(("metadata", "labels"), _set(data, ("metadata", "labels", key), "x"))


@_mutation
def annotation_key_malformed(data: Data, _rng: Random) -> Fault:
    return Fault(("metadata", "annotations"), _set(data, ("metadata", "annotations", "a_"), "x"))


@_mutation
def container_name_missing(data: Data, rng: Random) -> Fault:
    path = _any_container(data, rng)
    del data["spec"][path[1]][path[2]]["name"]
    return Fault((*path, "name"), path)


@_mutation
def container_name_twice(data: Data, rng: Random) -> Path:
    containers = data["spec"]["containers"]
    containers.append({"name": rng.choice(containers)["name"], "image": "busybox"})
    return "spec", "containers", len(containers) - 1, "name"


@_mutation
def init_container_named_as_a_main_one(data: Data, rng: Random) -> Path:
    name = rng.choice(data["spec"]["containers"])["name"]
    return (*_add(data, ("spec",), "initContainers", {"name": name, "image": "busybox"}), "name")


@_mutation
def key_twice(data: Data, rng: Random) -> Path:
    path = (*_any_container(data, rng), "image")
    return _set(data, path, Twice("busybox", "busybox"))


@_mutation
def env_value_not_a_string(data: Data, rng: Random) -> Path:
    value = rng.choice([8080, True, 1.5])
    return (*_add(data, _any_container(data, rng), "env", {"name": "PORT", "value": value}), "value")


@_mutation
def env_name_missing(data: Data, rng: Random) -> Fault:
    path = _add(data, _any_container(data, rng), "env", {"value": "x"})
    return Fault((*path, "name"), path)


@_mutation
def env_name_malformed(data: Data, rng: Random) -> Path:
    return (*_add(data, _any_container(data, rng), "env", {"name": "A=B", "value": "x"}), "name")


@_mutation
def env_with_two_values(data: Data, rng: Random) -> Path:
    variable = {"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    return (*_add(data, _any_container(data, rng), "env", variable), "valueFrom")


@_mutation
def env_field_unknown(data: Data, rng: Random) -> Path:
    variable = {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.nickname"}}}
    return (*_add(data, _any_container(data, rng), "env", variable), "valueFrom", "fieldRef", "fieldPath")


@_mutation
def port_out_of_range(data: Data, rng: Random) -> Path:
    port = {"containerPort": rng.choice([-1, 65536, 99999])}
    return (*_add(data, _any_container(data, rng), "ports", port), "containerPort")


@_mutation
def port_not_a_number(data: Data, rng: Random) -> Path:
    port = {"containerPort": rng.choice(["http", "8080", 80.5])}
    return (*_add(data, _any_container(data, rng), "ports", port), "containerPort")


@_mutation
def port_name_malformed(data: Data, rng: Random) -> Path:
    port = {"name": rng.choice(["HTTP", "a-name-too-long-for-one", "12", "a--b"]), "containerPort": 80}
    return (*_add(data, _any_container(data, rng), "ports", port), "name")


@_mutation
def port_name_twice(data: Data, rng: Random) -> Path:
    ports = ({"name": "web", "containerPort": 80}, {"name": "web", "containerPort": 81})
    return (*_add(data, _any_container(data, rng), "ports", *ports), "name")


@_mutation
def host_port_twice(data: Data, rng: Random) -> Path:
    ports = ({"containerPort": 80, "hostPort": 90}, {"containerPort": 81, "hostPort": 90})
    return (*_add(data, _any_container(data, rng), "ports", *ports), "hostPort")


@_mutation
def protocol_unknown(data: Data, rng: Random) -> Path:
    port = {"containerPort": 80, "protocol": rng.choice(["tcp", "HTTP"])}
    return (*_add(data, _any_container(data, rng), "ports", port), "protocol")


@_mutation
def probe_without_handler(data: Data, rng: Random) -> Path:
    return _set(data, (*_main(data, rng), "livenessProbe"), {"periodSeconds": 5})


@_mutation
def probe_with_two_handlers(data: Data, rng: Random) -> Path:
    probe = {"exec": {"command": ["true"]}, "tcpSocket": {"port": 80}}
    return (*_set(data, (*_main(data, rng), "readinessProbe"), probe), "tcpSocket")


@_mutation
def probe_period_negative(data: Data, rng: Random) -> Path:
    probe = {"exec": {"command": ["true"]}, "periodSeconds": -1}
    return (*_set(data, (*_main(data, rng), "startupProbe"), probe), "periodSeconds")


@_mutation
def liveness_with_two_successes(data: Data, rng: Random) -> Path:
    probe = {"exec": {"command": ["true"]}, "successThreshold": 2}
    return (*_set(data, (*_main(data, rng), "livenessProbe"), probe), "successThreshold")


@_mutation
def probe_on_an_init_container(data: Data, _rng: Random) -> Path:
    init = {"name": "early", "image": "busybox", "readinessProbe": {"exec": {"command": ["true"]}}}
    return (*_add(data, ("spec",), "initContainers", init), "readinessProbe")


@_mutation
def hook_without_handler(data: Data, rng: Random) -> Path:
    return _set(data, (*_main(data, rng), "lifecycle", "postStart"), {})


@_mutation
def request_above_limit(data: Data, rng: Random) -> Fault:
    path = (*_any_container(data, rng), "resources")
    _set(data, path, {"limits": {"cpu": "1"}, "requests": {"cpu": "1001m"}})
    return Fault((*path, "requests"), (*path, "requests", "cpu"))


@_mutation
def quantity_malformed(data: Data, rng: Random) -> Fault:
    path = (*_any_container(data, rng), "resources", "limits")
    _set(data, path, {"memory": rng.choice(["64MB", "lots", "1 Gi", "1e"])})
    return Fault((*path[:-1], "limits[memory]"), (*path, "memory"))


@_mutation
def resource_unknown(data: Data, rng: Random) -> Fault:
    path = (*_any_container(data, rng), "resources", "limits")
    _set(data, path, {"gpu": "1"})
    return Fault((*path[:-1], "limits[gpu]"), (*path, "gpu"))


@_mutation
def mount_of_no_volume(data: Data, rng: Random) -> Path:
    return (*_add(data, _any_container(data, rng), "volumeMounts", {"name": "nothing", "mountPath": "/a"}), "name")


@_mutation
def two_mounts_at_one_path(data: Data, rng: Random) -> Path:
    _set(data, ("spec", "volumes"), [*data["spec"].get("volumes", ()), {"name": "extra", "emptyDir": {}}])
    mounts = ({"name": "extra", "mountPath": "/a"}, {"name": "extra", "mountPath": "/a"})
    return (*_add(data, _any_container(data, rng), "volumeMounts", *mounts), "mountPath")


@_mutation
def sub_path_leaving_the_volume(data: Data, rng: Random) -> Path:
    _set(data, ("spec", "volumes"), [*data["spec"].get("volumes", ()), {"name": "extra", "emptyDir": {}}])
    mount = {"name": "extra", "mountPath": "/a", "subPath": rng.choice(["../b", "a/../../b", "/abs"])}
    return (*_add(data, _any_container(data, rng), "volumeMounts", mount), "subPath")


def _volumes(data: Data, *more: Data) -> Path:
    volumes = [*data["spec"].get("volumes", ()), *more]
    _set(data, ("spec", "volumes"), volumes)
    return "spec", "volumes", len(volumes) - 1


@_mutation
def volume_name_twice(data: Data, _rng: Random) -> Path:
    return (*_volumes(data, {"name": "one", "emptyDir": {}}, {"name": "one", "emptyDir": {}}), "name")


@_mutation
def volume_with_two_sources(data: Data, _rng: Random) -> Path:
    return (*_volumes(data, {"name": "one", "emptyDir": {}, "hostPath": {"path": "/x"}}), "hostPath")


@_mutation
def volume_source_unknown(data: Data, _rng: Random) -> Path:
    return (*_volumes(data, {"name": "one", "emptydir": {}}), "emptydir")


@_mutation
def file_mode_out_of_range(data: Data, _rng: Random) -> Path:
    path = _volumes(data, {"name": "one", "configMap": {"name": "a", "defaultMode": 644}})
    return (*path, "configMap", "defaultMode")


@_mutation
def host_alias_without_address(data: Data, _rng: Random) -> Path:
    return (*_add(data, ("spec",), "hostAliases", {"ip": "localhost", "hostnames": ["a"]}), "ip")


@_mutation
def toleration_operator_unknown(data: Data, _rng: Random) -> Path:
    return (*_add(data, ("spec",), "tolerations", {"key": "a", "operator": "Has"}), "operator")


@_mutation
def sysctl_name_malformed(data: Data, _rng: Random) -> Path:
    return (*_add(data, ("spec", "securityContext"), "sysctls", {"name": "Net..X", "value": "1"}), "name")
