"""podrunner's own annotations of pods: what they may say. Pure; performs no I/O.

They say how a pod is made and whose it is, so they are checked when the pod is created and stay as they are.
"""

import re

from podrunner.objects import fielderrors, meta
from podrunner.objects.pod import Pod
from podrunner.pods import spec

_RULES = {
    spec.RUN: (r"[A-Za-z0-9-]{1,63}", "must be the id of a podrunner run"),
    spec.FAIL_FAST: (r"true|false", 'must be "true" or "false"'),
    spec.PREFETCH: (r"true|false", 'must be "true" or "false"'),
    spec.NETWORK: (r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", "must be the name of an engine network"),
    spec.PUBLISH: (
        r"( *([0-9]{0,5}:)?[0-9]{1,5} *(,|$))*",
        "must be [HOST:]PORT, as in 8080:80, commas between several",
    ),
}
_MAX_PORT = 65535


def check(obj: meta.Object) -> fielderrors.Errors:
    """What is wrong with those of a new pod."""
    found = fielderrors.Errors()
    if not isinstance(obj, Pod):
        return found
    for key, (pattern, detail) in _RULES.items():
        value = obj.metadata.annotations.get(key)
        if value is not None and not re.fullmatch(pattern, value, re.ASCII):
            found.invalid(_path(key), value, detail)
    scale = obj.metadata.annotations.get(spec.BACKOFF_SCALE)
    if scale is not None and spec.parse_backoff_scale(scale) is None:
        found.invalid(_path(spec.BACKOFF_SCALE), scale, spec.BACKOFF_SCALE_RULE)
    published = obj.metadata.annotations.get(spec.PUBLISH, "")
    if not found and not all(map(_is_port, published.split(","))):
        found.invalid(_path(spec.PUBLISH), published, f"must be between 1 and {_MAX_PORT}, inclusive")
    return found


def check_update(new: meta.Object, old: meta.Object) -> fielderrors.Errors:
    """What is wrong with those of an updated pod: any change."""
    found = fielderrors.Errors()
    if isinstance(new, Pod):
        for key in (*_RULES, spec.BACKOFF_SCALE):
            value = new.metadata.annotations.get(key)
            if value != old.metadata.annotations.get(key):
                found.invalid(_path(key), value, "field is immutable")
    return found


def _is_port(text: str) -> bool:
    host, _, port = text.strip().rpartition(":")
    return not text or (1 <= int(port) <= _MAX_PORT and int(host or 0) <= _MAX_PORT)


def _path(key: str) -> str:
    return f"metadata.annotations[{key}]"
