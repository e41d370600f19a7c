"""Namespace and ServiceAccount. Pure; performs no I/O."""

from podrunner.objects import base, meta


class NamespaceSpec(base.Struct):
    finalizers: tuple[str, ...] = ()


class NamespaceCondition(base.Struct):
    type: str = base.always("")
    last_transition_time: base.Time | None = None
    message: str = ""
    reason: str = ""
    status: str = base.always("")


class NamespaceStatus(base.Struct):
    conditions: tuple[NamespaceCondition, ...] = ()
    phase: str = ""


class Namespace(meta.Object):
    kind: str = base.always("Namespace")
    spec: NamespaceSpec = base.always(NamespaceSpec())
    status: NamespaceStatus = base.always(NamespaceStatus())


class ServiceAccount(meta.Object):
    kind: str = base.always("ServiceAccount")
    automount_service_account_token: bool | None = None
    image_pull_secrets: tuple[meta.LocalObjectReference, ...] = ()
    secrets: tuple[meta.ObjectReference, ...] = ()
