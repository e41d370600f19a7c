"""Pulls the images of containers, with the credentials that their pod names, and says how it went.

Event reasons and messages are the kubelet's (kubernetes pkg/kubelet/images/image_manager.go, `getPullSecretsForPod` in
pkg/kubelet/kubelet_pods.go).
"""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

from podrunner import errors
from podrunner.agent.announcer import Announcer
from podrunner.agent.outcome import Outcome
from podrunner.agent.services import Services
from podrunner.engine import images as inspection, references
from podrunner.engine.pulls import PullProgress
from podrunner.objects import kinds
from podrunner.objects.config import Secret
from podrunner.objects.pod import Pod
from podrunner.pods import images, keyring, memory, plan, restarts
from podrunner.pods.view import Image
from podrunner.store.registry import Registry

SECRET = kinds.of(Secret())

log = logging.getLogger(__name__)

_DAEMON = "rpc error: code = Unknown desc = Error response from daemon: "


class Puller:
    """Performs the pulls of one pod, and records the events that go with them."""

    def __init__(self, services: Services, announcer: Announcer, registry: Registry) -> None:
        self._services = services
        self._announcer = announcer
        self._registry = registry

    async def pull(self, pod: Pod, operation: plan.PullImage) -> Outcome:
        """Pulls when the container's turn has come. What the registry or the engine refuses is an outcome."""
        name, image = operation.container, operation.image
        secrets = self._secrets(pod, tell=True)
        self._announcer.of_container(pod, name, "Normal", "Pulling", f'Pulling image "{image}"')
        began = time.monotonic()
        try:
            logins = self._logins(image, secrets)
            facts = await self._services.pulls.pull(image, self._services.progress.teller(pod, name), logins)
        except errors.EngineRefused as refusal:
            return self._failed(pod, operation, f"{_DAEMON}{refusal}")
        except keyring.UnreadableSecret as unreadable:
            return self._failed(pod, operation, str(unreadable))
        took = time.monotonic() - began
        duration = f"{took:.3g}s" if took < 60 else restarts.text(timedelta(seconds=took))
        pulled = f'Successfully pulled image "{image}" in {duration}'
        self._announcer.of_container(pod, name, "Normal", "Pulled", pulled)
        return Outcome(operation, learned=lambda known: memory.image_pulled(known, operation, Image(id=facts.id)))

    async def prefetch(self, pod: Pod, operation: plan.PrefetchImage) -> Outcome:
        """Pulls ahead of the container's turn. Whatever goes wrong, the turn comes, tries again, and tells."""
        found, tell = None, self._services.progress.teller(pod, operation.container)
        try:
            if not operation.renew:
                found = await inspection.inspect(self._services.engine, operation.image)
            if found is None:
                logins = self._logins(operation.image, self._secrets(pod, tell=False))
                found = await self._services.pulls.pull(operation.image, tell, logins)
        except (errors.EngineRefused, references.InvalidReference, keyring.UnreadableSecret) as failure:
            log.info("%s is not pulled ahead: %s", operation.image, failure)
        finally:
            tell(PullProgress(reference=operation.image, layer="", status=images.PULL_OVER, current=0, total=0))
        image = Image(id=found.id) if found else Image()
        return Outcome(operation, learned=lambda known: memory.image_prefetched(known, operation, image))

    def _failed(self, pod: Pod, operation: plan.PullImage, message: str) -> Outcome:
        failed = f'Failed to pull image "{operation.image}": {message}'
        self._announcer.of_container(pod, operation.container, "Warning", "Failed", failed)
        self._announcer.of_container(pod, operation.container, "Warning", "Failed", "Error: ErrImagePull")
        now = self._services.clock.now()
        return Outcome(operation, learned=lambda known: memory.pull_failed(known, operation, message, now))

    def _logins(self, image: str, secrets: Iterable[Secret]) -> Sequence[keyring.Login]:
        """The credentials to try for the image. Raises InvalidReference, UnreadableSecret."""
        return keyring.logins(keyring.of(secrets), references.parse(image).repository)

    def _secrets(self, pod: Pod, *, tell: bool) -> list[Secret]:
        """The pull secrets that there are. Of those that are missing an event tells: it may go without."""
        found: list[Secret] = []
        missing: list[str] = []
        for reference in pod.spec.image_pull_secrets:
            try:
                # Kubernetes admits references without a name, and ignores them.
                found += [self._registry.get(SECRET, pod.metadata.namespace, reference.name)] if reference.name else []
            except errors.NotFound:
                missing.append(reference.name)
        if missing and tell:
            text = (
                f"Unable to retrieve some image pull secrets ({', '.join(missing)}); "
                "attempting to pull the image may not succeed."
            )
            self._announcer.of_pod(pod, "Warning", "FailedToRetrieveImagePullSecret", text)
        return found
