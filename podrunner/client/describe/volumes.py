"""Volumes of a pod. Pure; performs no I/O."""

from collections.abc import Callable, Sequence
from typing import Any

from podrunner.client.describe.writer import NONE, Writer, truth

Data = dict[str, Any]


def tell(writer: Writer, volumes: Sequence[Data]) -> None:
    if not volumes:
        writer.field(0, "Volumes", NONE)
        return
    writer.heading(0, "Volumes")
    for volume in volumes:
        writer.heading(1, volume["name"])
        source = next((name for name in volume if name != "name"), "")
        teller = _TELLERS.get(source)
        if teller is None:
            writer.line(1, "<unknown>")
        else:
            teller(writer, volume[source])


def _host_path(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "HostPath (bare host directory volume)")
    writer.field(2, "Path", source["path"])
    writer.field(2, "HostPathType", source.get("type", NONE))


def _empty_dir(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)")
    writer.field(2, "Medium", source.get("medium", ""))
    writer.field(2, "SizeLimit", source.get("sizeLimit", "<unset>"))


def _secret(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "Secret (a volume populated by a Secret)")
    writer.field(2, "SecretName", source.get("secretName", ""))
    writer.field(2, "Optional", truth(source.get("optional")))


def _config_map(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)")
    writer.field(2, "Name", source.get("name", ""))
    writer.field(2, "Optional", truth(source.get("optional")))


def _claim(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)")
    writer.field(2, "ClaimName", source["claimName"])
    writer.field(2, "ReadOnly", truth(source.get("readOnly")))


def _downward_api(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)")
    writer.heading(2, "Items")
    for item in source.get("items") or ():
        what = item["fieldRef"]["fieldPath"] if "fieldRef" in item else item["resourceFieldRef"]["resource"]
        writer.line(3, f"{what} -> {item['path']}")


def _image(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "Image (a container image or OCI artifact)")
    writer.field(2, "Reference", source.get("reference", ""))
    writer.field(2, "PullPolicy", source.get("pullPolicy", ""))


def _nfs(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)")
    writer.field(2, "Server", source["server"])
    writer.field(2, "Path", source["path"])
    writer.field(2, "ReadOnly", truth(source.get("readOnly")))


def _projected(writer: Writer, source: Data) -> None:
    writer.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)")
    for part in source.get("sources") or ():
        for name, title in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
            if about := part.get(name):
                writer.field(2, title, about.get("name", ""))
                writer.field(2, "Optional", truth(about.get("optional")))
        if "downwardAPI" in part:
            writer.field(2, "DownwardAPI", "true")
        if token := part.get("serviceAccountToken"):
            writer.field(2, "TokenExpirationSeconds", token.get("expirationSeconds", 0))


_TELLERS: dict[str, Callable[[Writer, Data], None]] = {
    "configMap": _config_map,
    "downwardAPI": _downward_api,
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "image": _image,
    "nfs": _nfs,
    "persistentVolumeClaim": _claim,
    "projected": _projected,
    "secret": _secret,
}
