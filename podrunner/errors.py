"""Every exception podrunner raises on purpose.

    PodrunnerError
    ├── UsageError                  the command line asks for something that makes no sense          exit status 2
    ├── ManifestError               a manifest can't be read or is not valid (carries every problem) exit status 2
    ├── TimedOut                    what was waited for did not happen in time                      exit status 124
    ├── ObjectError                 what the Kubernetes API answers with a Status object
    │   ├── BadRequest              400 BadRequest
    │   ├── Unauthorized            401 Unauthorized
    │   ├── Forbidden               403 Forbidden
    │   ├── NotFound                404 NotFound
    │   ├── MethodNotAllowed        405 MethodNotAllowed
    │   ├── NotAcceptable           406 NotAcceptable
    │   ├── AlreadyExists           409 AlreadyExists
    │   ├── Conflict                409 Conflict
    │   ├── Expired                 410 Expired
    │   ├── UnsupportedMediaType    415 UnsupportedMediaType
    │   ├── Invalid                 422 Invalid (carries every field error)
    │   ├── TooManyRequests         429 TooManyRequests
    │   └── ServiceUnavailable      503 ServiceUnavailable
    ├── CreateContainerConfigError  what a pod refers to does not make a container (yet)
    ├── CreateContainerError        what a container needs on this machine can't be used (yet)
    ├── SandboxRefused              what a pod asks for can't be had here (yet)
    ├── MountError                  a volume of a pod can't be set up (yet)
    ├── Unreachable                 nothing answers at an address of a pod
    ├── ServerError                 podrunner's own server can't be started or reached               exit status 125
    │   └── ServerRunning           another process serves this state directory already
    └── EngineError                 the Docker Engine would or could not do it                      exit status 125
        ├── EngineUnreachable       no engine answers, or the connection broke
        └── EngineRefused           the engine answered that it would not do it; the message is the engine's
            ├── EngineNotFound      404: the container, network, volume or image does not exist
            └── EngineConflict      409: the name is taken, the container is in the wrong state

Errors are translated at the door: only `engine/client.py` sees docker's exceptions. One place turns these into
Kubernetes `Status` objects (`api/errors.py`), one into exit statuses (`cli/main.py`).
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class PodrunnerError(Exception):
    """Base of all; its text is a sentence a person can act on."""


class UsageError(PodrunnerError):
    """The command line asks for something that makes no sense."""


class Unreachable(PodrunnerError):
    """Nothing answers at an address of a pod; the text is as Go's network library has it."""


class CreateContainerConfigError(PodrunnerError):
    """What a pod's spec and the objects it refers to don't make a container of, in the kubelet's words.

    It may change: the container is tried again, as the kubelet does it (ErrCreateContainerConfig).
    """


class CreateContainerError(PodrunnerError):
    """What a container needs on this machine can't be used. It is tried again, as the kubelet does it."""


class SandboxRefused(PodrunnerError):
    """What a pod asks for can't be had here, in the kubelet's words. It is tried again, as the kubelet does it."""


class MountError(PodrunnerError):
    """A volume of a pod can't be set up (yet), in the words of the kubelet's FailedMount event.

    `volume` is its name, where whoever raises it knows that.
    """

    def __init__(self, message: str, *, volume: str = "") -> None:
        super().__init__(message)
        self.volume = volume


class ManifestError(PodrunnerError):
    """A manifest can't be read or is not valid. `problems` holds one line each, `FILE:LINE: FIELD: what is wrong`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class TimedOut(PodrunnerError):
    """What was waited for did not happen in the time the command line gives it."""


class ObjectError(PodrunnerError):
    """An object can't be read, written or removed; the API answers `code` and `reason` in a Status object."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = details or {}


class BadRequest(ObjectError):
    """The request can't be understood."""

    code = 400
    reason = "BadRequest"


class Unauthorized(ObjectError):
    """The request shows no credentials, or none that are known."""

    code = 401
    reason = "Unauthorized"


class Forbidden(ObjectError):
    """The request is understood, and it is not allowed."""

    code = 403
    reason = "Forbidden"


class NotFound(ObjectError):
    """No object of that kind has that name."""

    code = 404
    reason = "NotFound"


class MethodNotAllowed(ObjectError):
    """This kind does not have that verb."""

    code = 405
    reason = "MethodNotAllowed"


class NotAcceptable(ObjectError):
    """The client accepts none of the forms there are of the answer."""

    code = 406
    reason = "NotAcceptable"


class AlreadyExists(ObjectError):
    """An object of that kind and name is there already."""

    code = 409
    reason = "AlreadyExists"


class Conflict(ObjectError):
    """The object has changed since it was read."""

    code = 409
    reason = "Conflict"


class Expired(ObjectError):
    """The history a watch asks for has been compacted away."""

    code = 410
    reason = "Expired"


class UnsupportedMediaType(ObjectError):
    """The body is in a form that is not read."""

    code = 415
    reason = "UnsupportedMediaType"


class Invalid(ObjectError):
    """The object breaks Kubernetes' rules; `details["causes"]` lists every field error."""

    code = 422
    reason = "Invalid"


class TooManyRequests(ObjectError):
    """Not now; the client may try again."""

    code = 429
    reason = "TooManyRequests"


class ServiceUnavailable(ObjectError):
    """What the request is about does not answer."""

    code = 503
    reason = "ServiceUnavailable"


class ServerError(PodrunnerError):
    """podrunner's server can't be started or reached."""


class ServerRunning(ServerError):
    """Another process serves this state directory already."""


class EngineError(PodrunnerError):
    """The Docker Engine would or could not do what was asked."""


class EngineUnreachable(EngineError):
    """No engine answers at the address, or the connection to it broke."""


class EngineRefused(EngineError):
    """The engine answered that it would not do it; the message is the engine's own."""


class EngineNotFound(EngineRefused):
    """The container, network, volume or image does not exist."""


class EngineConflict(EngineRefused):
    """The name is taken, or the container is in the wrong state for this."""
