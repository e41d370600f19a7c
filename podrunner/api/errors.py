"""The one place that turns exceptions into Kubernetes' Status objects.

Source: k8s.io/apimachinery `pkg/api/errors/errors.go`.
"""

from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from podrunner import errors
from podrunner.api import answers

_HTTP = {
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    413: ("RequestEntityTooLarge", "Request entity too large"),
    415: ("UnsupportedMediaType", "the body of the request was in an unknown format"),
}
"""Reason, and message where the exception has no words of its own, by status code."""


def status(error: Exception) -> dict[str, Any]:
    """The Status that tells a client of the error. What we did not expect is told without particulars."""
    match error:
        case errors.ObjectError():
            return _failure(error.code, error.reason, str(error), error.details)
        case HTTPException():
            reason, message = _HTTP.get(error.status_code, ("", ""))
            own_words = error.detail != HTTPStatus(error.status_code).phrase
            return _failure(error.status_code, reason, error.detail if own_words else message)
        case errors.EngineUnreachable():
            return _failure(503, "ServiceUnavailable", str(error))
        case errors.PodrunnerError():
            return _failure(500, "InternalError", f"Internal error occurred: {error}")
        case _:
            return _failure(
                500, "InternalError", f"Internal error occurred: {type(error).__name__}; see the server's log"
            )


async def answer(_request: Request, error: Exception) -> Response:
    """The error as an HTTP answer."""
    told = status(error)
    return answers.json(told, status=told["code"])


async def nobody(_request: Request, _error: Exception) -> Response:
    """To a client that has gone while it was sending or waiting: no defect, and nothing that anybody reads."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


HANDLERS: dict[Any, Any] = {
    errors.PodrunnerError: answer,
    HTTPException: answer,
    ClientDisconnect: nobody,
    Exception: answer,
}
"""For Starlette. The last kind is also raised on to uvicorn, which logs it."""


def _failure(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    return answers.status("Failure") | {
        "message": message,
        "reason": reason,
        **({"details": details} if details else {}),
        "code": code,
    }
