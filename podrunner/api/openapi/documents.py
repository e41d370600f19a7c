"""The OpenAPI v3 documents, one for each group version. Pure; performs no I/O."""

from typing import Any

from podrunner.api import catalog
from podrunner.api.openapi import names, operations, schemas
from podrunner.objects import envelopes, options, release

Document = dict[str, Any]


def of_group_version(group_version: str) -> Document:
    """What is served below this group version: its paths, and the schemas they refer to."""
    components, paths = schemas.Components(), {}
    for served in catalog.of_group_version(group_version):
        _add_types(components, served)
        paths.update(operations.paths(served))
    _add_common(components)
    return {
        "openapi": "3.0.0",
        "info": info(),
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.schemas.items()))},
    }


def info() -> dict[str, str]:
    return {"title": "podrunner", "version": release.GIT_VERSION}


def _add_types(components: schemas.Components, served: catalog.Served) -> None:
    components.add(served.type, [schemas.kind(served.kind, served.group_version)])
    if "list" in served.verbs:
        components.add_list(served.type, schemas.kind(f"{served.kind}List", served.group_version))
    for subresource in served.subresources:
        if subresource.group_version:
            type_ = catalog.type_of(subresource.kind, subresource.group_version)
            components.add(type_, [schemas.kind(subresource.kind, subresource.group_version)])


def _add_common(components: schemas.Components) -> None:
    """What every group version answers and takes."""
    components.add(envelopes.Status, [schemas.kind("Status", "v1")])
    components.add(options.DeleteOptions, [schemas.kind("DeleteOptions", each) for each in catalog.GROUP_VERSIONS])
    components.add_plain(names.PATCH)
