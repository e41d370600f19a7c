"""The value of `-o`. Reads the files that some forms name."""

from pathlib import Path

from podrunner import errors
from podrunner.client import forms


def of(output: str, *, headers: bool = True) -> forms.Form | None:
    """The form of `-o OUTPUT`; None for rows. Raises UsageError for one there is not, or that can't be read."""
    if output in ("", "wide"):
        return None
    name, equals, argument = output.partition("=")
    if name.startswith(("go-template", "template")):
        raise errors.UsageError("podrunner has no Go templates: -o jsonpath=..., custom-columns=... or json will do it")
    if name in ("jsonpath-file", "custom-columns-file"):
        argument = Path(argument).read_text()
        name = name.removesuffix("-file")
        if name == "custom-columns":
            argument = _columns_of_file(argument)
    if name in ("jsonpath", "custom-columns") and not equals:
        raise errors.UsageError(f"template format specified but no template given: -o {name}=...")
    return forms.named(name, argument, headers=headers)


def _columns_of_file(text: str) -> str:
    """A line of headers and a line of paths, as kubectl has it."""
    lines = text.splitlines()
    if len(lines) < 2 or len(headers := lines[0].split()) != len(paths := lines[1].split()):
        raise errors.UsageError("a file of custom columns has a line of headers and one of as many paths")
    return ",".join(f"{header}:{path}" for header, path in zip(headers, paths, strict=True))
