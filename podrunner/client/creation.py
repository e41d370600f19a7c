"""Creates a run's pods: all of them or none."""

from collections.abc import Sequence

from podrunner import errors
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from podrunner.objects.pod import Pod
from podrunner.pods import columns


def create(server: http.Server, pods: Sequence[Pod], *, replace: bool) -> list[Pod]:
    """The pods as they were admitted. `replace`: those of their names are deleted first, within their grace periods.

    Raises `AlreadyExists` for a name that is taken, `Invalid` for what the server does not admit; none is left then.
    """
    if replace:
        for pod in pods:
            _remove(server, PodRef.of(pod), grace_seconds=None)
    created: list[Pod] = []
    for pod in pods:
        try:
            created.append(api.create_pod(server, pod))
        except errors.PodrunnerError as error:
            for done in created:
                _remove(server, PodRef.of(done), grace_seconds=0)
            if isinstance(error, errors.AlreadyExists):
                raise _taken(server, PodRef.of(pod)) from error
            raise
    return created


def _remove(server: http.Server, ref: PodRef, *, grace_seconds: int | None) -> None:
    """Deletes the pod of that name, if there is one, and waits until nothing of it is left."""
    try:
        pod = api.get_pod(server, ref)
        stream = api.watch_pod(server, ref, pod.metadata.resource_version)
        api.delete_pod(server, ref, uid=pod.metadata.uid, grace_seconds=grace_seconds)
    except errors.NotFound:
        return
    for type_, _ in api.changes(stream, Pod):
        if type_ == "DELETED":
            stream.close()
            return
    raise http.Disconnected(f'the server broke off while pod "{ref.name}" was removed')


def _taken(server: http.Server, ref: PodRef) -> errors.AlreadyExists:
    try:
        state = f" ({columns.status(api.get_pod(server, ref))})"
    except errors.NotFound:
        state = ""
    return errors.AlreadyExists(
        f'pod "{ref.name}" exists already in namespace "{ref.namespace}"{state}; --replace removes it first'
    )
