"""PATCH: what a patch makes of an object, in each of the four forms that Kubernetes has."""

from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request

from podrunner import errors
from podrunner.api import body, context, managers, presenting, query
from podrunner.objects import codec, defaults

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


class Patch(NamedTuple):
    """A patch as it came."""

    media_type: str
    content: Any

    @property
    def creates(self) -> bool:
        """Whether it makes the object where there is none."""
        return self.media_type == APPLY_PATCH


async def read(request: Request) -> Patch:
    """The request's patch. Raises errors.UnsupportedMediaType, errors.BadRequest."""
    media_type = body.media_type(request)
    if media_type not in PATCH_TYPES:
        raise body.unsupported(PATCH_TYPES)
    content = body.parse(await body.read_bytes(request), media_type)
    wanted, described = (list, "a list of operations") if media_type == JSON_PATCH else (dict, "an object")
    if not isinstance(content, wanted):
        raise errors.BadRequest(f"the patch has to be {described}")
    if media_type == APPLY_PATCH and not request.query_params.get("fieldManager"):
        raise errors.Invalid(
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
        )
    return Patch(media_type, content)


def patched(request: Request, patch: Patch, view: presenting.View, current: Any | None, subresource: str) -> body.Read:
    """The object that the patch makes of `current` (None: there is none yet), and what to warn of.

    Its managedFields tell of the patch. Raises errors.BadRequest, errors.Invalid, errors.Conflict.
    """
    data = None if current is None else codec.to_builtins(view.show(current))
    now = context.of(request).registry.clock.now()
    if patch.media_type == APPLY_PATCH:
        read = _read(request, _applied(request, patch, view, data, subresource, now), view)
        # The request's path names the namespace, where the object does not.
        return read._replace(object=managers.settled(current, defaults.apply(read.object, namespace="")))
    assert data is not None
    read = _read(request, _changed(patch, view, data), view)
    return read._replace(object=managers.tracked(request, current, read.object, subresource))


def _applied(
    request: Request, patch: Patch, view: presenting.View, data: Any, subresource: str, now: datetime
) -> dict[str, Any]:
    from podrunner.objects.patches import server_side

    about = (patch.content.get("kind"), patch.content.get("apiVersion"))
    if about != (view.shown.name, view.shown.api_version):
        raise errors.BadRequest(
            f"incorrect object given to apply: {about[0]} in version {about[1]}, expected {view.shown.name} in version"
            f" {view.shown.api_version}"
        )
    return server_side.apply(
        data,
        patch.content,
        view.shown.type,
        manager=managers.name(request),
        force=query.flag(request, "force"),
        subresource=subresource,
        api_version=view.shown.api_version,
        now=now,
    )


def _changed(patch: Patch, view: presenting.View, data: dict[str, Any]) -> dict[str, Any]:
    if patch.media_type == JSON_PATCH:
        from podrunner.objects.patches import json_patch

        return json_patch.apply(data, patch.content)
    if patch.media_type == MERGE_PATCH:
        from podrunner.objects.patches import merge_patch

        return merge_patch.apply(data, patch.content)
    from podrunner.objects.patches import strategic

    return strategic.apply(data, patch.content, view.shown.type)


def _read(request: Request, data: dict[str, Any], view: presenting.View) -> body.Read:
    read = body.to_object(request, data, view.shown)
    return read._replace(object=view.read(read.object))
