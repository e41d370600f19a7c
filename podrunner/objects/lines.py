"""Lines of fields by their paths, and paths of fields, in a document that `yamltext` read. Pure; performs no I/O."""

import re

from podrunner.objects import yamltext


class Lines:
    """Finds the line of a field by its path within the object."""

    def __init__(self, places: yamltext.Places, line: int) -> None:
        self._places = places
        self._line = line

    def at(self, path: str) -> int:
        """The line of the field, or of the nearest one around it that is in the text."""
        places, line = self._places, self._line
        while path and places:
            step = _step(path, places)
            if step is None:
                break
            (line, places), path = step
        return line


def is_within(path: str, around: str) -> bool:
    """Whether `path` is `around` or a field below it."""
    return path.startswith(around) and path[len(around) : len(around) + 1] in ("", ".", "[")


def path_of(wanted: yamltext.Places, places: yamltext.Places, path: str = "") -> str | None:
    """The path of a mapping, found by its identity."""
    if places is wanted:
        return path
    entries = places.items() if isinstance(places, dict) else enumerate(places or ())
    for key, (_, inner) in entries:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        below = path_of(wanted, inner, path + step) if inner else None
        if below is not None:
            return below
    return None


def _step(path: str, places: yamltext.Places) -> tuple[tuple[int, yamltext.Places], str] | None:
    """The entry the path's first segment names, and the rest of the path. A key may itself have dots."""
    if isinstance(places, list):
        match = re.match(r"\[(\d+)\]\.?", path)
        return (places[int(match[1])], path[match.end() :]) if match and int(match[1]) < len(places) else None
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    if name in places:
        return places[name], path[len(name) :].removeprefix(".")
    for key in sorted(places, key=len, reverse=True):
        for spelt in (f"[{key}]", key):
            if is_within(path, spelt):
                return places[key], path[len(spelt) :].removeprefix(".")
    return None
