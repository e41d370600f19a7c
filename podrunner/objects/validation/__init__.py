"""Kubernetes' validation of the kinds podrunner knows, in its wording and with its field paths. Pure; performs no I/O.

The source is pkg/apis/core/validation/validation.go and apimachinery's pkg/util/validation, as of Kubernetes 1.34.
Objects are checked as the API server does it: after `defaults.apply`.
"""

from podrunner.objects import cluster, config, event, fielderrors, meta, node, pod, service, storage
from podrunner.objects.validation import claims, configs, metadata, names, pods, services


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
        case node.Node():
            metadata.check(obj.metadata, names.dns_subdomain, False, found)
        case cluster.ServiceAccount() | event.Event():
            metadata.check(obj.metadata, names.dns_subdomain, True, found)
    return found
