"""Creates a run's pods: all of them or none."""

import contextlib
from collections.abc import Sequence

from podrunner import errors
from podrunner.client import api, http
from podrunner.client.actions import PodRef
from podrunner.objects.pod import Pod
from podrunner.pods import columns


def create(server: http.Server, pods: Sequence[Pod], *, replace: bool) -> list[Pod]:
    """The pods as they were admitted. `replace`: those of their names are deleted first, within their grace periods.

    A namespace that is not there is created, for whoever runs a manifest has nobody else to do it; a pod of the same
    name that is being deleted is waited for. Raises `AlreadyExists` for a name that is taken, `Invalid` for what the
    server does not admit; none is left then.
    """
    if replace:
        for pod in pods:
            _remove(server, PodRef.of(pod), grace_seconds=None)
    created: list[Pod] = []
    try:
        for pod in pods:
            created.append(_create(server, pod))
    except errors.PodrunnerError:
        for pod in created:
            _remove(server, PodRef.of(pod), grace_seconds=0)
        raise
    return created


def _create(server: http.Server, pod: Pod) -> Pod:
    while True:
        try:
            return api.create_pod(server, pod)
        except errors.AlreadyExists:
            _await_end_of_deletion(server, PodRef.of(pod))
        except errors.NotFound as missing:
            if missing.details.get("kind") != "namespaces":
                raise
            with contextlib.suppress(errors.AlreadyExists):
                api.create_namespace(server, pod.metadata.namespace)


def _await_end_of_deletion(server: http.Server, ref: PodRef) -> None:
    try:
        pod = api.get_pod(server, ref)
    except errors.NotFound:
        return
    if pod.metadata.deletion_timestamp is None:
        raise errors.AlreadyExists(
            f'pod "{ref.name}" exists already in namespace "{ref.namespace}" ({columns.status(pod)});'
            " --replace removes it first"
        )
    _await_removal(server, pod)


def _remove(server: http.Server, ref: PodRef, *, grace_seconds: int | None) -> None:
    """Deletes the pod of that name, if there is one, and waits until nothing of it is left."""
    try:
        pod = api.get_pod(server, ref)
        api.delete_pod(server, ref, uid=pod.metadata.uid, grace_seconds=grace_seconds)
    except errors.NotFound:
        return
    _await_removal(server, pod)


def _await_removal(server: http.Server, pod: Pod) -> None:
    """Returns when the pod, which is as last read, was removed."""
    stream = api.watch_pod(server, PodRef.of(pod), pod.metadata.resource_version)
    for type_, _ in api.changes(stream, Pod):
        if type_ == "DELETED":
            stream.close()
            return
    raise http.Disconnected(f'the server broke off while pod "{pod.metadata.name}" was removed')
