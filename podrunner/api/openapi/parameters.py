"""The query and path parameters of the API's operations. Pure; performs no I/O."""

from typing import Any, NamedTuple


class Parameter(NamedTuple):
    """`type` is JSON's: string, integer, boolean."""

    name: str
    type: str
    description: str
    place: str = "query"


NAME = Parameter("name", "string", "The object's name.", "path")
NAMESPACE = Parameter("namespace", "string", "The namespace the object is in.", "path")
PATH = Parameter("path", "string", "Where below the pod's address the request goes.", "path")

_LABELS = Parameter("labelSelector", "string", "Only objects whose labels match, as app=web,tier!=cache.")
_FIELDS = Parameter(
    "fieldSelector", "string", "Only objects whose fields match, as status.phase=Running,spec.nodeName!=a."
)
_VERSION = Parameter(
    "resourceVersion",
    "string",
    "The state to begin at. A watch tells every change after it; without one, or with 0, it first tells what is there.",
)
_VERSION_MATCH = Parameter(
    "resourceVersionMatch", "string", "How a list takes resourceVersion: NotOlderThan (that one or later) or Exact."
)
_LIMIT = Parameter("limit", "integer", "How many objects to list at most; the list then says how to continue.")
_CONTINUE = Parameter(
    "continue", "string", "The token a list with a limit gave, for the next part of it. It expires in time."
)
_SECONDS = Parameter("timeoutSeconds", "integer", "How many seconds a list may take or a watch lasts.")

LIST = (
    Parameter("allowWatchBookmarks", "boolean", "A watch also tells, in BOOKMARK events, how far it has come."),
    _CONTINUE,
    _FIELDS,
    _LABELS,
    _LIMIT,
    _VERSION,
    _VERSION_MATCH,
    Parameter(
        "sendInitialEvents",
        "boolean",
        "A watch first tells what is there, in ADDED events, and then with an annotated BOOKMARK that this was all.",
    ),
    _SECONDS,
    Parameter("watch", "boolean", "Answer with a stream of changes in place of a list."),
)

_DRY_RUN = Parameter("dryRun", "string", "All: do everything but store the result.")
_MANAGER = Parameter(
    "fieldManager", "string", "Who makes this change: the name under which metadata.managedFields notes its fields."
)
_VALIDATION = Parameter(
    "fieldValidation",
    "string",
    "What to do about fields that are unknown or given twice: Ignore them, Warn of them (the default), "
    "or Strict: refuse the request.",
)

WRITE = (_DRY_RUN, _MANAGER, _VALIDATION)

PATCH = (
    *WRITE,
    Parameter("force", "boolean", "Server-side apply takes over the fields that other managers hold."),
)

_GRACE = Parameter(
    "gracePeriodSeconds", "integer", "How many seconds a pod has to end by itself; 0 is at once. Else the object's own."
)
_PROPAGATION = Parameter(
    "propagationPolicy", "string", "What becomes of the objects that this one owns: Orphan, Background or Foreground."
)
_ORPHAN = Parameter("orphanDependents", "boolean", "The older form of propagationPolicy: true is Orphan.")

DELETE = (_DRY_RUN, _GRACE, _ORPHAN, _PROPAGATION)

DELETE_COLLECTION = (
    _CONTINUE,
    _DRY_RUN,
    _FIELDS,
    _GRACE,
    _LABELS,
    _LIMIT,
    _ORPHAN,
    _PROPAGATION,
    _VERSION,
    _VERSION_MATCH,
    _SECONDS,
)

_CONTAINER = Parameter("container", "string", "Which container, if the pod has several.")
_STREAMS = (
    Parameter("stderr", "boolean", "Send the error output."),
    Parameter("stdin", "boolean", "Take input."),
    Parameter("stdout", "boolean", "Send the output."),
    Parameter("tty", "boolean", "Use a terminal."),
)

LOG = (
    _CONTAINER,
    Parameter("follow", "boolean", "Go on with what is written from now on, until the container ends."),
    Parameter("limitBytes", "integer", "How many bytes to answer at most."),
    Parameter("previous", "boolean", "The output of the container's last instance, before it was restarted."),
    Parameter("sinceSeconds", "integer", "Only what was written in this many seconds before the request."),
    Parameter("sinceTime", "string", "Only what was written after this time, which is RFC 3339."),
    Parameter("tailLines", "integer", "Only so many lines from the end; all of them if it is absent."),
    Parameter("timestamps", "boolean", "Begin each line with the time it was written, in RFC 3339."),
)

CONNECT = {
    "attach": (_CONTAINER, *_STREAMS),
    "exec": (
        Parameter("command", "string", "The program and its arguments, each one a parameter."),
        _CONTAINER,
        *_STREAMS,
    ),
    "portforward": (Parameter("ports", "integer", "The port of the pod, for a WebSocket without SPDY."),),
    "proxy": (Parameter("path", "string", "Where below the pod's address the request goes."),),
}
"""Of the subresources that hand the connection over, by name."""


def describe(parameter: Parameter) -> dict[str, Any]:
    """The parameter as an OpenAPI v3 document has it."""
    told: dict[str, Any] = {"name": parameter.name, "in": parameter.place, "description": parameter.description}
    if parameter.place == "path":
        told["required"] = True
    return told | {"schema": {"type": parameter.type, "uniqueItems": True}}
