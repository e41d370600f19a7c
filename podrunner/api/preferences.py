"""An Accept header's clauses, by preference. Pure; performs no I/O."""

from typing import NamedTuple


class Clause(NamedTuple):
    """One media type the client takes, in lower case, and its parameters."""

    media_type: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        try:
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 0.0

    def covers(self, media_type: str) -> bool:
        """Whether `media_type` is this one, or one that its wildcards stand for."""
        kind, _, _subtype = media_type.partition("/")
        return self.media_type in (media_type, f"{kind}/*", "*/*")


def clauses(header: str | None) -> list[Clause]:
    """What the header asks for, the most wanted first. No header, and an empty one, take anything."""
    given = [_clause(text) for text in (header or "*/*").split(",") if text.strip()]
    return sorted(given, key=lambda clause: -clause.quality)


def _clause(text: str) -> Clause:
    media_type, *parameters = (part.strip() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return Clause(media_type.lower(), {name.strip(): value.strip() for name, _, value in pairs})
