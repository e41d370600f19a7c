"""Reviews: questions about a user's rights and identity that are answered at once and never stored.

The types of authorization.k8s.io/v1 and authentication.k8s.io/v1. Pure; performs no I/O.
"""

from podrunner.objects import base, meta

AUTHORIZATION = "authorization.k8s.io/v1"
AUTHENTICATION = "authentication.k8s.io/v1"


class FieldSelectorRequirement(base.Struct):
    key: str = base.always("")
    operator: str = base.always("")
    values: tuple[str, ...] = ()


class FieldSelectorAttributes(base.Struct):
    raw_selector: str = ""
    requirements: tuple[FieldSelectorRequirement, ...] = ()


class LabelSelectorAttributes(base.Struct):
    raw_selector: str = ""
    requirements: tuple[meta.LabelSelectorRequirement, ...] = ()


class ResourceAttributes(base.Struct):
    name: str = ""
    field_selector: FieldSelectorAttributes | None = None
    group: str = ""
    label_selector: LabelSelectorAttributes | None = None
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    verb: str = ""
    version: str = ""


class NonResourceAttributes(base.Struct):
    path: str = ""
    verb: str = ""


class SubjectAccessReviewStatus(base.Struct):
    allowed: bool = base.always(False)
    denied: bool = False
    evaluation_error: str = ""
    reason: str = ""


class SelfSubjectAccessReviewSpec(base.Struct):
    non_resource_attributes: NonResourceAttributes | None = None
    resource_attributes: ResourceAttributes | None = None


class SelfSubjectAccessReview(meta.Object):
    """May I?"""

    api_version: str = base.always(AUTHORIZATION)
    kind: str = base.always("SelfSubjectAccessReview")
    spec: SelfSubjectAccessReviewSpec = base.always(SelfSubjectAccessReviewSpec())
    status: SubjectAccessReviewStatus = base.always(SubjectAccessReviewStatus())


class SubjectAccessReviewSpec(base.Struct):
    extra: dict[str, tuple[str, ...]] = {}
    groups: tuple[str, ...] = ()
    non_resource_attributes: NonResourceAttributes | None = None
    resource_attributes: ResourceAttributes | None = None
    uid: str = ""
    user: str = ""


class SubjectAccessReview(meta.Object):
    """May that user?"""

    api_version: str = base.always(AUTHORIZATION)
    kind: str = base.always("SubjectAccessReview")
    spec: SubjectAccessReviewSpec = base.always(SubjectAccessReviewSpec())
    status: SubjectAccessReviewStatus = base.always(SubjectAccessReviewStatus())


class LocalSubjectAccessReview(SubjectAccessReview):
    """May that user, in this namespace?"""

    kind: str = base.always("LocalSubjectAccessReview")


class ResourceRule(base.Struct):
    api_groups: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = base.always(())


class NonResourceRule(base.Struct):
    non_resource_urls: tuple[str, ...] = ()
    verbs: tuple[str, ...] = base.always(())


class SubjectRulesReviewStatus(base.Struct):
    evaluation_error: str = ""
    incomplete: bool = base.always(False)
    non_resource_rules: tuple[NonResourceRule, ...] = base.always(())
    resource_rules: tuple[ResourceRule, ...] = base.always(())


class SelfSubjectRulesReviewSpec(base.Struct):
    namespace: str = ""


class SelfSubjectRulesReview(meta.Object):
    """What may I?"""

    api_version: str = base.always(AUTHORIZATION)
    kind: str = base.always("SelfSubjectRulesReview")
    spec: SelfSubjectRulesReviewSpec = base.always(SelfSubjectRulesReviewSpec())
    status: SubjectRulesReviewStatus = base.always(SubjectRulesReviewStatus())


class UserInfo(base.Struct):
    extra: dict[str, tuple[str, ...]] = {}
    groups: tuple[str, ...] = ()
    uid: str = ""
    username: str = ""


class SelfSubjectReviewStatus(base.Struct):
    user_info: UserInfo = base.always(UserInfo())


class SelfSubjectReview(meta.Object):
    """Who am I?"""

    api_version: str = base.always(AUTHENTICATION)
    kind: str = base.always("SelfSubjectReview")
    status: SelfSubjectReviewStatus = base.always(SelfSubjectReviewStatus())


class TokenReviewSpec(base.Struct):
    audiences: tuple[str, ...] = ()
    token: str = ""


class TokenReviewStatus(base.Struct):
    audiences: tuple[str, ...] = ()
    authenticated: bool = False
    error: str = ""
    user: UserInfo = base.always(UserInfo())


class TokenReview(meta.Object):
    """Whose token is this?"""

    api_version: str = base.always(AUTHENTICATION)
    kind: str = base.always("TokenReview")
    spec: TokenReviewSpec = base.always(TokenReviewSpec())
    status: TokenReviewStatus = base.always(TokenReviewStatus())
