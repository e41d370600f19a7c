"""Reviews: may I, who am I, whose token is this. They are answered at once and never stored.

Whoever may talk to the API may do everything: it is one user's own node.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podrunner.api import answers, body, context, query
from podrunner.objects import review, transient

_EVERYTHING = ("*",)

_BY_PLURAL = {kind.plural: kind for kind in transient.REVIEWS}


async def create(request: Request) -> Response:
    """Answers the review that the last part of the path names."""
    query.dry_run(request)
    kind = _BY_PLURAL[request.url.path.rpartition("/")[2]]
    read = await body.read_object(request, kind)
    answered = msgspec.structs.replace(read.object, status=_ANSWERS[kind.type](request, read.object))
    if isinstance(answered, review.TokenReview):
        answered = msgspec.structs.replace(answered, spec=review.TokenReviewSpec())  # a token is not repeated
    return answers.json(answered, status=201, warnings=read.warnings)


def _access(_request: Request, _asked: Any) -> review.SubjectAccessReviewStatus:
    return review.SubjectAccessReviewStatus(allowed=True)


def _rules(_request: Request, _asked: Any) -> review.SubjectRulesReviewStatus:
    return review.SubjectRulesReviewStatus(
        resource_rules=(review.ResourceRule(verbs=_EVERYTHING, api_groups=_EVERYTHING, resources=_EVERYTHING),),
        non_resource_rules=(review.NonResourceRule(verbs=_EVERYTHING, non_resource_urls=_EVERYTHING),),
    )


def _identity(request: Request, _asked: Any) -> review.SelfSubjectReviewStatus:
    return review.SelfSubjectReviewStatus(user_info=_info(request.scope["state"]["user"]))


def _token(request: Request, asked: review.TokenReview) -> review.TokenReviewStatus:
    user = context.of(request).control.user_of_token(asked.spec.token)
    if user is None:
        return review.TokenReviewStatus(error="the token is not one of this server's")
    return review.TokenReviewStatus(authenticated=True, user=_info(user))


_ANSWERS: dict[type, Callable[[Request, Any], Any]] = {
    review.LocalSubjectAccessReview: _access,
    review.SelfSubjectAccessReview: _access,
    review.SubjectAccessReview: _access,
    review.SelfSubjectRulesReview: _rules,
    review.SelfSubjectReview: _identity,
    review.TokenReview: _token,
}


def _info(user: context.User) -> review.UserInfo:
    return review.UserInfo(username=user["name"], groups=user["groups"])
