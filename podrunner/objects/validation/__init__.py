"""Kubernetes' validation of the kinds podrunner knows, in its wording and with its field paths. Pure; performs no I/O.

The source is pkg/apis/core/validation/validation.go and apimachinery's pkg/util/validation. Fields are those of
Kubernetes 1.37, the release whose API podrunner follows. Objects are checked as the API server does it: after
`defaults.apply`.
"""

from podrunner.objects import (
    cluster,
    config,
    endpoint_slice,
    endpoints,
    event,
    fielderrors,
    lease,
    limits,
    meta,
    node,
    pod,
    runtime_class,
    service,
    storage,
    template,
)
from podrunner.objects.validation import (
    claims,
    configs,
    endpoint_sets,
    endpoint_slices,
    events,
    leases,
    metadata,
    names,
    pods,
    quotas,
    services,
)


def validate(obj: meta.Object, *, creating: bool = True) -> list[fielderrors.FieldError]:
    """Everything that is wrong with `obj`; nothing when it may be stored.

    `creating` is false when it is to replace a stored one: a pod may then have ephemeral containers.
    """
    found = fielderrors.Errors()
    match obj:
        case pod.Pod():
            pods.check(obj, found, creating=creating)
        case config.ConfigMap():
            configs.check_config_map(obj, found)
        case config.Secret():
            configs.check_secret(obj, found)
        case storage.PersistentVolumeClaim():
            claims.check(obj, found)
        case service.Service():
            services.check(obj, found)
        case cluster.Namespace():
            metadata.check(obj.metadata, names.dns_label, False, found)
            metadata.check_finalizers(obj.spec.finalizers, "spec.finalizers", found)
        case node.Node():
            metadata.check(obj.metadata, names.dns_subdomain, False, found)
        case event.Event():
            events.check(obj, found)
        case cluster.ServiceAccount():
            metadata.check(obj.metadata, names.dns_subdomain, True, found)
        case template.PodTemplate():
            pods.check_template(obj, found)
        case endpoints.Endpoints():
            endpoint_sets.check(obj, found)
        case endpoint_slice.EndpointSlice():
            endpoint_slices.check(obj, found)
        case limits.LimitRange():
            quotas.check_limit_range(obj, found)
        case limits.ResourceQuota():
            quotas.check_quota(obj, found)
        case lease.Lease():
            leases.check(obj, found)
        case runtime_class.RuntimeClass():
            leases.check_runtime_class(obj, found)
    return found


def validate_update(new: meta.Object, old: meta.Object, subresource: str = "") -> list[fielderrors.FieldError]:
    """Everything that is wrong with putting `new` in the place of the stored `old`, or of that part of it.

    Both have their defaults. Of a status only what it changes is checked.
    """
    from podrunner.objects.validation import updates  # what the start of a run does not need

    found = fielderrors.Errors()
    updates.check(new, old, subresource, found)
    if subresource == "status":
        metadata.check_labels(new.metadata.labels, "metadata.labels", found)
        metadata.check_annotations(new.metadata.annotations, "metadata.annotations", found)
    else:
        found.extend(validate(new, creating=False))
    return found
