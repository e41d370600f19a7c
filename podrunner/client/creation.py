"""Creates a run's pods and the objects that come with them: all of them or none."""

import contextlib
import time
from collections.abc import Callable, Sequence

from podrunner import errors
from podrunner.client import api, deadlines, http, resources
from podrunner.client.actions import PodRef
from podrunner.objects import codec, kinds, meta
from podrunner.objects.pod import Pod
from podrunner.objects.storage import PersistentVolumeClaim
from podrunner.pods import columns, spec

UNDO_SECONDS = 20.0
"""How long the removal of what was created is waited for when the rest can't be; the server goes on with it."""


class Creation:
    """The creation of these pods, which may have to wait for the removal of others with their names.

    `objects` are made before them. `replace`: pods of the same names are deleted, within their grace periods, and
    objects overwritten. `deadline`: when it is given up, on the monotonic clock. `tell` is given what is waited for.
    """

    def __init__(
        self,
        server: http.Server,
        pods: Sequence[Pod],
        objects: Sequence[meta.Object] = (),
        *,
        replace: bool = False,
        deadline: float | None = None,
        tell: Callable[[str], None],
    ) -> None:
        self._server = server
        self._pods = pods
        self._objects = objects
        self._made: list[meta.Object] = []
        self._replace = replace
        self._deadline = deadline
        self._tell = tell
        self._created: list[Pod] = []
        self._waits_for: http.Stream | None = None
        self._obstacle = ""
        self._end: BaseException | None = None

    def create(self) -> list[Pod]:
        """The pods as they were admitted, in namespaces that are made where they don't exist.

        Raises `AlreadyExists` for a name that is taken, `Invalid` for what the server does not admit, `TimedOut`, and
        what `give_up` was called with; none of the pods is left then.
        """
        try:
            with deadlines.reached(self._deadline, self._time_out):
                return self._create_all()
        except BaseException:
            self._undo()
            raise

    def give_up(self, why: BaseException) -> None:
        """Has `create` end with that exception soon. May be called by a signal handler and by any thread."""
        self._end = self._end or why
        if self._waits_for is not None:
            self._waits_for.close()

    def _create_all(self) -> list[Pod]:
        if self._replace:
            for ref, uid in self._delete([PodRef.of(pod) for pod in self._pods if pod.metadata.name], None):
                self._wait_for_removal(ref, uid)
        for obj in self._objects:
            self._proceed()
            self._make(obj)
        for pod in self._pods:
            self._created.append(self._create(pod))
        return self._created

    def _make(self, obj: meta.Object) -> None:
        """Creates an object that comes with the pods; a claim that is there already is the one that is meant."""
        kind, about, data = kinds.of(obj), obj.metadata, resources.read(codec.encode(obj))
        try:
            resources.create(self._server, kind, about.namespace, data)
            self._made.append(obj)
        except errors.NotFound as error:
            if error.details.get("kind") != "namespaces":
                raise
            self._create_namespace(about.namespace)
            self._make(obj)
        except errors.AlreadyExists:
            if isinstance(obj, PersistentVolumeClaim):
                return
            if not self._replace:
                raise errors.AlreadyExists(
                    f'{kind.singular} "{about.name}" exists already in namespace "{about.namespace}";'
                    " --replace overwrites it"
                ) from None
            resources.replace(self._server, kind, about.namespace, data)

    def take_along(self) -> None:
        """Removes the objects that came with the pods and go with them; whatever goes wrong, the server goes on."""
        for obj in reversed(self._made):
            if spec.RUN in obj.metadata.annotations:
                with contextlib.suppress(errors.PodrunnerError):
                    resources.delete(self._server, kinds.of(obj), obj.metadata.namespace, obj.metadata.name)
        self._made = []

    def _create(self, pod: Pod) -> Pod:
        while True:
            self._proceed()
            try:
                return api.create_pod(self._server, pod)
            except errors.AlreadyExists:
                self._await_end_of_deletion(PodRef.of(pod))
            except errors.NotFound as error:
                if error.details.get("kind") != "namespaces":
                    raise
                self._create_namespace(pod.metadata.namespace)

    def _create_namespace(self, name: str) -> None:
        with contextlib.suppress(errors.AlreadyExists):
            api.create_namespace(self._server, name)
            self._tell(f'namespace "{name}" did not exist and was created')

    def _await_end_of_deletion(self, ref: PodRef) -> None:
        pod = self._find(ref)
        if pod is None:
            return
        if pod.metadata.deletion_timestamp is None:
            raise errors.AlreadyExists(
                f'pod "{ref.name}" exists already in namespace "{ref.namespace}" ({columns.status(pod)});'
                " --replace removes it first"
            )
        self._wait_for_removal(ref, pod.metadata.uid)

    def _delete(self, refs: Sequence[PodRef], grace_seconds: int | None) -> list[tuple[PodRef, str]]:
        """Starts the deletion of the pods of those names; those there were, and their uids."""
        found = [(ref, pod.metadata.uid) for ref in refs if (pod := self._find(ref))]
        for ref, uid in found:
            self._proceed()
            with contextlib.suppress(errors.NotFound, errors.Conflict):
                api.delete_pod(self._server, ref, uid=uid, grace_seconds=grace_seconds)
        return found

    def _wait_for_removal(self, ref: PodRef, uid: str) -> None:
        self._obstacle = f'pod "{ref.name}" in namespace "{ref.namespace}"'
        self._tell(f"waiting until {self._obstacle} is removed")
        self._await_removal(ref, uid)
        self._obstacle = ""

    def _await_removal(self, ref: PodRef, uid: str) -> None:
        """Returns when the pod of that uid is gone."""
        while (pod := self._find(ref)) and pod.metadata.uid == uid:
            # A pod that has not changed for long is beyond the history: it is looked at again.
            with contextlib.suppress(errors.Expired):
                self._watch_removal(pod)

    def _watch_removal(self, pod: Pod) -> None:
        self._waits_for = api.watch_pod(self._server, PodRef.of(pod), pod.metadata.resource_version)
        with contextlib.closing(self._waits_for):
            self._proceed()
            for type_, _ in api.changes(self._waits_for, Pod):
                if type_ == "DELETED":
                    return
        self._proceed()
        raise http.Disconnected(f'the server broke off while pod "{pod.metadata.name}" was removed')

    def _find(self, ref: PodRef) -> Pod | None:
        try:
            return api.get_pod(self._server, ref)
        except errors.NotFound:
            return None

    def _undo(self) -> None:
        """Removes what was created. Whatever goes wrong, the reason it is done for is what counts."""
        self._end = None
        with (
            deadlines.reached(time.monotonic() + UNDO_SECONDS, self._time_out),
            contextlib.suppress(errors.PodrunnerError),
        ):
            for ref, uid in self._delete([PodRef.of(pod) for pod in self._created], 0):
                self._await_removal(ref, uid)
            self.take_along()

    def _proceed(self) -> None:
        if self._end is not None:
            raise self._end

    def _time_out(self) -> None:
        waited = f", waiting for the removal of {self._obstacle}" if self._obstacle else ""
        self.give_up(errors.TimedOut(f"timed out before the pods were created{waited}"))
