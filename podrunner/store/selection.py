"""Which objects a list or a watch is about. Pure; performs no I/O."""

import functools
from typing import NamedTuple

from podrunner import errors
from podrunner.objects import fielderrors, kinds, meta, selectors
from podrunner.objects.cluster import Namespace
from podrunner.objects.config import Secret
from podrunner.objects.event import Event
from podrunner.objects.node import Node
from podrunner.objects.pod import Pod
from podrunner.objects.service import Service


class Selection(NamedTuple):
    """Objects of one kind, in one namespace (None: in all), that match every selector given."""

    kind: kinds.Kind
    namespace: str | None = None
    labels: selectors.Selector = selectors.EVERYTHING
    fields: selectors.FieldSelector = selectors.EVERY_FIELD

    @property
    def everything(self) -> bool:
        """Whether no selector narrows it."""
        return not self.labels.requirements and not self.fields.terms

    def check(self) -> None:
        """Raises errors.BadRequest when a field is selected by that this kind can't be selected by."""
        selectable = selectable_fields(self.kind.type())
        for term in self.fields.terms:
            if term.field in selectable:
                continue
            if selectable.keys() <= _OF_ALL:
                only = 'only "metadata.name", "metadata.namespace"'
                raise errors.BadRequest(f"{fielderrors.quote(term.field)} is not a known field selector: {only}")
            raise errors.BadRequest(f"field label not supported: {term.field}")

    def matches(self, obj: meta.Object) -> bool:
        """Whether an object of this kind and namespace is selected."""
        return self.labels.matches(obj.metadata.labels) and (
            not self.fields.terms or self.fields.matches(selectable_fields(obj))
        )


_OF_ALL = {"metadata.name", "metadata.namespace"}


@functools.singledispatch
def selectable_fields(obj: meta.Object) -> dict[str, str]:
    """The fields an object of this kind can be selected by.

    Sources: ToSelectableFields of kubernetes `pkg/registry/core/*/strategy.go`, and what
    `pkg/apis/core/v1/conversion.go` lets through.
    """
    return {"metadata.name": obj.metadata.name, "metadata.namespace": obj.metadata.namespace}


@selectable_fields.register
def _of_namespace(namespace: Namespace) -> dict[str, str]:
    return {"metadata.name": namespace.metadata.name, "status.phase": namespace.status.phase}


@selectable_fields.register
def _of_node(node: Node) -> dict[str, str]:
    unschedulable = "true" if node.spec.unschedulable else "false"
    return {"metadata.name": node.metadata.name, "spec.unschedulable": unschedulable}


@selectable_fields.register
def _of_secret(secret: Secret) -> dict[str, str]:
    return {
        "metadata.name": secret.metadata.name,
        "metadata.namespace": secret.metadata.namespace,
        "type": secret.type,
    }


@selectable_fields.register
def _of_service(service: Service) -> dict[str, str]:
    return {
        "metadata.name": service.metadata.name,
        "metadata.namespace": service.metadata.namespace,
        "spec.clusterIP": service.spec.cluster_ip,
        "spec.type": service.spec.type,
    }


@selectable_fields.register
def _of_pod(pod: Pod) -> dict[str, str]:
    return {
        "metadata.name": pod.metadata.name,
        "metadata.namespace": pod.metadata.namespace,
        "spec.nodeName": pod.spec.node_name,
        "spec.restartPolicy": pod.spec.restart_policy,
        "spec.schedulerName": pod.spec.scheduler_name,
        "spec.serviceAccountName": pod.spec.service_account_name,
        "spec.hostNetwork": "true" if pod.spec.host_network else "false",
        "status.phase": pod.status.phase,
        "status.podIP": pod.status.pod_ip,
        "status.nominatedNodeName": pod.status.nominated_node_name,
    }


@selectable_fields.register
def _of_event(event: Event) -> dict[str, str]:
    about = event.involved_object
    return {
        "metadata.name": event.metadata.name,
        "metadata.namespace": event.metadata.namespace,
        "involvedObject.kind": about.kind,
        "involvedObject.namespace": about.namespace,
        "involvedObject.name": about.name,
        "involvedObject.uid": about.uid,
        "involvedObject.apiVersion": about.api_version,
        "involvedObject.resourceVersion": about.resource_version,
        "involvedObject.fieldPath": about.field_path,
        "reason": event.reason,
        "reportingComponent": event.reporting_component,
        "source": event.source.component or event.reporting_component,
        "type": event.type,
    }
