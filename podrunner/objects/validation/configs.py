"""ConfigMaps and Secrets. Pure; performs no I/O.

Rules are `ValidateConfigMap` and `ValidateSecret` of Kubernetes' pkg/apis/core/validation.
"""

import msgspec

from podrunner.objects import config
from podrunner.objects.fielderrors import REDACTED, Errors
from podrunner.objects.validation import metadata, names

MAX_BYTES = 1024 * 1024

# The data keys each type of Secret can't do without.
_REQUIRED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_JSON_KEYS = (".dockercfg", ".dockerconfigjson")
_SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name"


def check_config_map(obj: config.ConfigMap, found: Errors) -> None:
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    size = 0
    for key, text in obj.data.items():
        found.invalid_each(f"data[{key}]", key, names.config_key(key))
        if key in obj.binary_data:
            found.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        size += len(text.encode())
    for key, value in obj.binary_data.items():
        found.invalid_each(f"binaryData[{key}]", key, names.config_key(key))
        size += len(value)
    if size > MAX_BYTES:
        found.too_long("", MAX_BYTES)


def check_secret(obj: config.Secret, found: Errors) -> None:
    """A secret whose stringData has not been moved to data yet is checked as if it had been. No value is ever shown."""
    metadata.check(obj.metadata, names.dns_subdomain, True, found)
    size = 0
    data = obj.data | {key: text.encode() for key, text in obj.string_data.items()}
    for key, value in data.items():
        at = f"stringData[{key}]" if key in obj.string_data else ""
        found.invalid_each(f"data[{key}]", key, names.config_key(key), at=at)
        size += len(value)
    if size > MAX_BYTES:
        found.too_long("data", MAX_BYTES)
    _check_type(obj, data, found)


def _check_type(obj: config.Secret, data: dict[str, bytes], found: Errors) -> None:
    for key in _REQUIRED_KEYS.get(obj.type, ()):
        if key not in data:
            found.required(f"data[{key}]")
        elif key in _JSON_KEYS and not _is_json_object(data[key]):
            found.invalid(f"data[{key}]", REDACTED, "must be a JSON object")
    if obj.type == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        found.required("data[username]")
        found.required("data[password]")
    if obj.type == "kubernetes.io/service-account-token" and not obj.metadata.annotations.get(_SERVICE_ACCOUNT_NAME):
        found.required(f"metadata.annotations[{_SERVICE_ACCOUNT_NAME}]")


def _is_json_object(text: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except msgspec.DecodeError:
        return False
