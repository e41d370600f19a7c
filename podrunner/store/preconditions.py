"""Whether a stored object is the one a request means. Pure; performs no I/O."""

from podrunner.objects import kinds, meta
from podrunner.store import problems


def check(obj: meta.Object, *, uid: str | None = None, resource_version: str | None = None) -> None:
    """Raises errors.Conflict unless `obj` has this uid and resourceVersion (None or "": any).

    Source: k8s.io/apiserver `pkg/registry/rest/delete.go`, BeforeDelete.
    """
    kind, actual = kinds.of(obj), obj.metadata
    if uid and uid != actual.uid:
        raise problems.other_uid(kind, actual.name, uid, actual.uid)
    if resource_version and resource_version != actual.resource_version:
        raise problems.other_version(kind, actual.name, resource_version, actual.resource_version)
