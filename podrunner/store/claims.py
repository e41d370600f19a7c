"""What is particular to PersistentVolumeClaims in the store: birth, binding, and protection while pods use them.

Sources: kubernetes plugin/pkg/admission/storage/storageobjectinuseprotection, pkg/controller/volume/pvcprotection.
"""

from msgspec import structs

from podrunner.objects import defaults, kinds
from podrunner.objects.pod import Pod
from podrunner.objects.storage import PersistentVolumeClaim, PersistentVolumeClaimStatus
from podrunner.pods import configuration
from podrunner.store import pods
from podrunner.store.registry import Registry

CLAIM = kinds.of(PersistentVolumeClaim())

PROTECTION = "kubernetes.io/pvc-protection"
"""The finalizer that keeps a claim until no pod uses it, and its volume is removed."""


def create(registry: Registry, claim: PersistentVolumeClaim, *, dry_run: bool = False) -> PersistentVolumeClaim:
    """Stores a new claim, which has no volume yet."""
    about = claim.metadata
    kept = about.finalizers if PROTECTION in about.finalizers else (*about.finalizers, PROTECTION)
    complete = defaults.apply(claim)
    protected = structs.replace(complete.metadata, finalizers=kept)
    status = PersistentVolumeClaimStatus(phase="Pending")
    return registry.create(structs.replace(complete, metadata=protected, status=status), dry_run=dry_run)


def bind(registry: Registry, claim: PersistentVolumeClaim, volume: str) -> PersistentVolumeClaim:
    """The claim has the volume of that name. Raises errors.NotFound."""
    spec = structs.replace(claim.spec, volume_name=volume)
    status = PersistentVolumeClaimStatus(
        phase="Bound", access_modes=spec.access_modes, capacity=dict(spec.resources.requests)
    )
    return registry.update(structs.replace(claim, spec=spec, status=status))


def release(registry: Registry, claim: PersistentVolumeClaim) -> None:
    """Nothing of the claim is left: it goes, unless somebody else's finalizer keeps it. Raises errors.NotFound."""
    about = claim.metadata
    others = tuple(each for each in about.finalizers if each != PROTECTION)
    if others:
        registry.update(structs.replace(claim, metadata=structs.replace(about, finalizers=others)))
    else:
        registry.delete(CLAIM, about.namespace, about.name, uid=about.uid)


def users(registry: Registry, claim: PersistentVolumeClaim) -> list[Pod]:
    """The pods that use the claim and have not ended."""
    about = claim.metadata
    return [
        pod
        for pod in pods.every(registry)
        if pod.metadata.namespace == about.namespace
        and pod.status.phase not in ("Succeeded", "Failed")
        and about.name in configuration.references(pod).claims
    ]
