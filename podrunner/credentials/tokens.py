"""Tokens of service accounts: what a pod shows to say which one it is.

They are signed with a key of the state directory, which is made when the first one is asked for. Their claims are those
of Kubernetes' bound tokens (kubernetes pkg/serviceaccount/claims.go).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from podrunner import errors, files

ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Who signs, and the audience of a token that is asked for without one."""

SIGNING_METHOD = "ES256"


class Bearer(NamedTuple):
    """Whom a token is about: a service account, and the pod that it is bound to; the uids are those of the objects."""

    namespace: str
    service_account: str
    service_account_uid: str
    pod: str
    pod_uid: str
    node: str


class Signer:
    """Signs tokens with the key at `path`. Imports its libraries with the first: they cost a start 60 ms."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sign(self, bearer: Bearer, audiences: Sequence[str], now: datetime, lifetime: timedelta) -> str:
        """A new token. Raises errors.ServerError if there is no key and none can be kept."""
        import jwt

        claims = {
            "aud": list(audiences) or [ISSUER],
            "exp": int((now + lifetime).timestamp()),
            "iat": int(now.timestamp()),
            "iss": ISSUER,
            "jti": str(uuid4()),
            "kubernetes.io": {
                "namespace": bearer.namespace,
                "node": {"name": bearer.node},
                "pod": {"name": bearer.pod, "uid": bearer.pod_uid},
                "serviceaccount": {"name": bearer.service_account, "uid": bearer.service_account_uid},
            },
            "nbf": int(now.timestamp()),
            "sub": f"system:serviceaccount:{bearer.namespace}:{bearer.service_account}",
        }
        return jwt.encode(claims, self._key(), algorithm=SIGNING_METHOD)

    def _key(self) -> bytes:
        from podrunner.credentials import certificates

        try:
            if self._path.exists():
                return self._path.read_bytes()
            files.private_directory(self._path.parent)
            key = certificates.new_key()
            files.write_whole(self._path, key)
            return key
        except OSError as error:
            raise errors.ServerError(f"cannot keep the key of service accounts in {self._path}: {error}") from error
