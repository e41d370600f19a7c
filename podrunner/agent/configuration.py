"""Gathers what a pod refers to from the store."""

from collections.abc import Iterable
from typing import TypeVar

from podrunner import errors
from podrunner.agent.services import Services
from podrunner.objects import kinds, meta
from podrunner.objects.cluster import ServiceAccount
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.pod import Pod
from podrunner.objects.storage import PersistentVolumeClaim
from podrunner.pods import configuration
from podrunner.services import links
from podrunner.store import services
from podrunner.store.registry import Registry

KINDS = (kinds.of(ConfigMap()), kinds.of(Secret()), kinds.of(PersistentVolumeClaim()))
"""What pods refer to."""

Obj = TypeVar("Obj", bound=meta.Object)


def gather(registry: Registry, shared: Services, pod: Pod) -> configuration.Configuration:
    """What there is now of what the pod refers to."""
    wanted, namespace = configuration.references(pod), pod.metadata.namespace
    claims = _existing(registry, PersistentVolumeClaim, namespace, wanted.claims)
    account = _existing(registry, ServiceAccount, namespace, [pod.spec.service_account_name])
    return configuration.Configuration(
        config_maps=_existing(registry, ConfigMap, namespace, wanted.config_maps),
        secrets=_existing(registry, Secret, namespace, wanted.secrets),
        claims={name: each.metadata.uid for name, each in claims.items() if each.status.phase == "Bound"},
        allocatable=shared.allocatable,
        service_variables=_service_variables(registry, pod),
        service_account_uid=account[pod.spec.service_account_name].metadata.uid if account else "",
        host_ips=(shared.node_ip,),
        app_armor=shared.machine.app_armor,
    )


def _service_variables(registry: Registry, pod: Pod) -> dict[str, str]:
    if pod.spec.enable_service_links is False:
        return {}
    return links.variables(services.every(registry), pod.metadata.namespace)


def concerns(pod: Pod, changed: meta.Object) -> bool:
    """Whether the pod refers to the object."""
    if changed.metadata.namespace != pod.metadata.namespace:
        return False
    wanted = configuration.references(pod)
    names = {ConfigMap: wanted.config_maps, Secret: wanted.secrets, PersistentVolumeClaim: wanted.claims}
    return changed.metadata.name in names.get(type(changed), ())


def _existing(registry: Registry, type_: type[Obj], namespace: str, names: Iterable[str]) -> dict[str, Obj]:
    found: dict[str, Obj] = {}
    for name in names:
        try:
            found[name] = registry.get(kinds.of(type_()), namespace, name)
        except errors.NotFound:
            continue
    return found
