"""Gives each PersistentVolumeClaim a volume of the engine, and removes it when the claim is deleted.

It does what a cluster's volume provisioner and the controllers of claims do (kubernetes pkg/controller/volume): a claim
is bound at once; one that is deleted stays until no pod uses it; an ephemeral volume's claim is made for its pod.
"""

import asyncio
import contextlib
import logging

from msgspec import structs

from podrunner import errors
from podrunner.agent.services import Services
from podrunner.engine import images, volumes as engine_volumes
from podrunner.objects import kinds, meta, refusals
from podrunner.objects.pod import Pod
from podrunner.objects.storage import PersistentVolumeClaim
from podrunner.objects.volume import Volume
from podrunner.pods import configuration, volumes
from podrunner.store import claims, events, pods
from podrunner.store.registry import Registry

AGAIN_AFTER = 1.0
"""Seconds before what the engine refused is tried again."""

log = logging.getLogger(__name__)


class Claims:
    """Looks after all claims. `run` works until it is cancelled."""

    def __init__(self, registry: Registry, services: Services) -> None:
        self._registry = registry
        self._services = services
        self._recorder = events.Recorder(registry, "persistentvolume-controller")
        self._changed = asyncio.Event()
        self._told: set[str] = set()

    async def run(self) -> None:
        """Works on the claims whenever one of them, or a pod, has changed."""
        async with asyncio.TaskGroup() as tasks:
            for kind in (claims.CLAIM, pods.POD):
                tasks.create_task(self._watch(kind))
            while True:
                await self._changed.wait()
                self._changed.clear()
                if not await self._settle():
                    asyncio.get_running_loop().call_later(AGAIN_AFTER, self._changed.set)

    async def _watch(self, kind: kinds.Kind) -> None:
        with self._registry.watch(kind, since=None) as changes:
            while True:
                batch = await changes.batch()
                if any(_concerns_claims(change.object) for change in batch):
                    self._changed.set()

    async def _settle(self) -> bool:
        """Does what is due; whether all of it could be done."""
        for pod in pods.every(self._registry):
            self._make_ephemeral(pod)
        done = True
        for claim in self._registry.list(claims.CLAIM).items:
            try:
                await self._look_after(claim)
            except errors.EngineConflict:
                done = False  # a pod that was deleted by force has not let go of it yet
            except errors.EngineError as failure:
                log.warning("claim %s/%s: %s", claim.metadata.namespace, claim.metadata.name, failure)
                self._recorder.record(claim, "Warning", "ProvisioningFailed", f"failed to provision volume: {failure}")
                done = False
            except errors.ObjectError:
                self._changed.set()  # it was changed meanwhile
        return done

    async def _look_after(self, claim: PersistentVolumeClaim) -> None:
        """Raises EngineError, ObjectError."""
        engine, volume = self._services.engine, volumes.claim_name(claim.metadata.uid)
        if claim.metadata.deletion_timestamp is not None:
            if claims.PROTECTION in claim.metadata.finalizers and not claims.users(self._registry, claim):
                await engine_volumes.remove_claimed(engine, volume)
                claims.release(self._registry, claim)
        elif claim.status.phase != "Bound" and claim.spec.volume_mode == "Block":
            self._say_once(claim, refusals.BLOCK_DEVICES)
        elif claim.status.phase != "Bound":
            pause = await images.ensure_pause(engine)
            about = claim.metadata
            await engine_volumes.create_claimed(
                engine, volume, self._services.instance, f"{about.namespace}/{about.name}", pause
            )
            claims.bind(self._registry, claim, volume)
            message = f"Successfully provisioned volume {volume}"
            self._recorder.record(claim, "Normal", "ProvisioningSucceeded", message)

    def _say_once(self, claim: PersistentVolumeClaim, why: str) -> None:
        if claim.metadata.uid not in self._told:
            self._told.add(claim.metadata.uid)
            self._recorder.record(claim, "Warning", "ProvisioningFailed", f"failed to provision volume: {why}")

    def _make_ephemeral(self, pod: Pod) -> None:
        """Makes the claims of the pod's ephemeral volumes, which are deleted with it."""
        for each in pod.spec.volumes:
            if each.ephemeral is not None and pod.metadata.deletion_timestamp is None:
                with contextlib.suppress(errors.AlreadyExists, errors.Forbidden, errors.NotFound):
                    claims.create(self._registry, _ephemeral(pod, each))


def _concerns_claims(changed: meta.Object) -> bool:
    return not isinstance(changed, Pod) or any(configuration.claim_of(changed, each) for each in changed.spec.volumes)


def _ephemeral(pod: Pod, volume: Volume) -> PersistentVolumeClaim:
    """Source: kubernetes pkg/controller/volume/ephemeral (handleVolume)."""
    template = volume.ephemeral.volume_claim_template if volume.ephemeral is not None else None
    given = meta.ObjectMeta() if template is None else template.metadata
    owner = meta.OwnerReference(
        api_version="v1",
        kind="Pod",
        name=pod.metadata.name,
        uid=pod.metadata.uid,
        controller=True,
        block_owner_deletion=True,
    )
    name = configuration.claim_of(pod, volume)
    about = structs.replace(given, name=name, namespace=pod.metadata.namespace, owner_references=(owner,))
    spec = None if template is None else template.spec
    claim = PersistentVolumeClaim(metadata=about)
    return claim if spec is None else structs.replace(claim, spec=spec)
