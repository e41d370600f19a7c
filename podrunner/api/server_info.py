"""What the server says of itself: to Kubernetes' clients, to probes, and to `podrunner server`."""

import platform

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from podrunner.api import answers, context
from podrunner.objects import release


async def version(_request: Request) -> Response:
    """As `kubectl version` reads it: the release whose API we follow, and ours as its build."""
    return answers.json(
        {
            "major": release.MAJOR,
            "minor": release.MINOR,
            "gitVersion": release.GIT_VERSION,
            "gitCommit": "",
            "gitTreeState": "",
            "buildDate": "",
            "goVersion": "",
            "compiler": platform.python_implementation(),
            "platform": f"{platform.system().lower()}/{platform.machine()}",
        }
    )


async def healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def describe(request: Request) -> Response:
    return answers.json(context.of(request).control.info())


async def stop(request: Request) -> Response:
    """Answers before the server leaves, and after the whole request came: a client still sending would see it break."""
    await request.body()
    context.of(request).control.stop()
    return answers.json(answers.status("Success"), status=202)
