"""What a request to delete, evict or bind says. Pure; performs no I/O."""

from podrunner.objects import base, meta


class Preconditions(base.Struct):
    """What has to be true of the stored object; absent: anything."""

    uid: str | None = None
    resource_version: str | None = None


class DeleteOptions(base.Struct):
    """How to delete; `grace_period_seconds` absent: as long as the object itself says."""

    api_version: str = ""
    dry_run: tuple[str, ...] = ()
    grace_period_seconds: base.Int64 | None = None
    ignore_store_read_error_with_cluster_breaking_potential: bool | None = None
    kind: str = ""
    orphan_dependents: bool | None = None
    preconditions: Preconditions = Preconditions()
    propagation_policy: str | None = None


class Eviction(meta.Object):
    """A pod is asked to go (policy/v1); its name and namespace are the metadata's."""

    api_version: str = base.always("policy/v1")
    kind: str = base.always("Eviction")
    delete_options: DeleteOptions | None = None


class Binding(meta.Object):
    """A pod, named by the metadata, is given to a node, the target (v1)."""

    kind: str = base.always("Binding")
    target: meta.ObjectReference = base.always(meta.ObjectReference())
