"""Tokens of service accounts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from podrunner import errors
from podrunner.credentials import tokens

NOW = datetime.now(UTC).replace(microsecond=0)
BEARER = tokens.Bearer("default", "robot", "sa-uid", "web", "pod-uid", "vm")


def public(key: Path) -> object:
    return serialization.load_pem_private_key(key.read_bytes(), None).public_key()


def test_a_token_says_who_shows_it_and_until_when(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "service-account.key"
    token = tokens.Signer(key).sign(BEARER, ["vault"], NOW, timedelta(seconds=600))
    claims = jwt.decode(token, public(key), algorithms=[tokens.SIGNING_METHOD], audience="vault")  # type: ignore[arg-type]
    assert claims.pop("jti")
    assert claims == {
        "aud": ["vault"],
        "exp": int(NOW.timestamp()) + 600,
        "iat": int(NOW.timestamp()),
        "iss": "https://kubernetes.default.svc.cluster.local",
        "kubernetes.io": {
            "namespace": "default",
            "node": {"name": "vm"},
            "pod": {"name": "web", "uid": "pod-uid"},
            "serviceaccount": {"name": "robot", "uid": "sa-uid"},
        },
        "nbf": int(NOW.timestamp()),
        "sub": "system:serviceaccount:default:robot",
    }


def test_the_key_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    key = tmp_path / "service-account.key"
    first = tokens.Signer(key).sign(BEARER, [], NOW, timedelta(hours=1))
    again = tokens.Signer(key).sign(BEARER, [], NOW, timedelta(hours=1))
    for token in (first, again):
        jwt.decode(token, public(key), algorithms=[tokens.SIGNING_METHOD], audience=tokens.ISSUER)  # type: ignore[arg-type]
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_kept_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.ServerError):
        tokens.Signer(tmp_path / "file" / "service-account.key").sign(BEARER, [], NOW, timedelta(hours=1))
