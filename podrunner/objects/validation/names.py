"""Formats of names, keys, ports and addresses; each rule answers with what is wrong. Pure; performs no I/O.

Rules and words are apimachinery's `pkg/util/validation/validation.go` and `pkg/api/validate/content`.
"""

import functools
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

Messages: TypeAlias = Sequence[str]
Rule: TypeAlias = Callable[[str], Messages]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_UNDERSCORE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORE_SUBDOMAIN = rf"{_UNDERSCORE_LABEL}(\.{_UNDERSCORE_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_QUALIFIED})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """On first use: most manifests need few of the patterns, and each costs start-up time."""
    return re.compile(pattern)


def dns_label(value: str) -> Messages:
    """RFC 1123 label: containers, volumes, namespaces, host names."""
    if len(value) <= 63 and _matches(_LABEL, value):
        return ()
    messages = _too_long(value, 63)
    if not _matches(_LABEL, value):
        if _matches(_SUBDOMAIN, value):
            return [*messages, "must not contain dots"]
        text = (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
            "and must start and end with an alphanumeric character"
        )
        messages.append(_regex(text, _LABEL, "my-name", "123-abc"))
    return messages


def dns_subdomain(value: str) -> Messages:
    """RFC 1123 subdomain: pods and most other objects."""
    if len(value) <= 253 and _matches(_SUBDOMAIN, value):
        return ()
    messages = _too_long(value, 253)
    if not _matches(_SUBDOMAIN, value):
        text = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        messages.append(_regex(text, _SUBDOMAIN, "example.com"))
    return messages


def dns_1035_label(value: str) -> Messages:
    """RFC 1035 label: services."""
    if len(value) <= 63 and _matches(_DNS_1035, value):
        return ()
    messages = _too_long(value, 63)
    if not _matches(_DNS_1035, value):
        text = (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
            "start with an alphabetic character, and end with an alphanumeric character"
        )
        messages.append(_regex(text, _DNS_1035, "my-name", "abc-123"))
    return messages


def dns_search(value: str) -> Messages:
    """A DNS search domain, which may have underscores and end with a dot."""
    domain = value.removesuffix(".")
    if value == "." or (len(domain) <= 253 and _matches(_UNDERSCORE_SUBDOMAIN, domain)):
        return ()
    messages = _too_long(domain, 253)
    if not _matches(_UNDERSCORE_SUBDOMAIN, domain):
        text = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        messages.append(_regex(text, _UNDERSCORE_SUBDOMAIN, "example.com"))
    return messages


def qualified_name(value: str) -> Messages:
    """A label key: an optional DNS prefix, a slash, a name of at most 63 characters."""
    if len(value) <= 63 and _matches(_QUALIFIED, value):
        return ()
    text = (
        "must consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character"
    )
    rule = _regex(text, _QUALIFIED, "MyName", "my.name", "123-abc")
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        return [f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    messages = []
    if slash:
        messages += (
            [f"prefix part {message}" for message in dns_subdomain(prefix)] if prefix else [_empty("prefix part")]
        )
    if not name:
        messages.append(_empty("name part"))
    messages += [f"name part {message}" for message in _too_long(name, 63)]
    if not _matches(_QUALIFIED, name):
        messages.append(f"name part {rule}")
    return messages


def label_value(value: str) -> Messages:
    if len(value) <= 63 and _matches(_LABEL_VALUE, value):
        return ()
    messages = _too_long(value, 63)
    if not _matches(_LABEL_VALUE, value):
        text = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
            "and must start and end with an alphanumeric character"
        )
        messages.append(_regex(text, _LABEL_VALUE, "MyValue", "my_value", "12345"))
    return messages


def environment_name(value: str) -> Messages:
    """An environment variable's name: printable ASCII without '=' (relaxed since Kubernetes 1.34)."""
    if value and "=" not in value and _matches("[ -~]*", value):
        return ()
    if not value:
        return [_empty("environment variable name")]
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def config_key(value: str) -> Messages:
    """A key of a ConfigMap or Secret: it becomes a file name."""
    if len(value) <= 253 and _matches(_CONFIG_KEY, value) and not value.startswith("."):
        return ()
    messages = _too_long(value, 253)
    if not _matches(_CONFIG_KEY, value):
        text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        messages.append(_regex(text, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value in (".", ".."):
        messages.append(f"must not be '{value}'")
    elif value.startswith(".."):
        messages.append("must not start with '..'")
    return messages


def header_name(value: str) -> Messages:
    if _matches(_HEADER, value):
        return ()
    return [_regex("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")]


def port_number(value: int) -> Messages:
    return () if 1 <= value <= 65535 else [between(1, 65535)]


def port_name(value: str) -> Messages:
    """An IANA service name: at most 15 of a-z, 0-9 and single hyphens, with at least one letter."""
    messages = _too_long(value, 15)
    if not _matches("[-a-z0-9]+", value):
        messages.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not any("a" <= character <= "z" for character in value):
        messages.append("must contain at least one letter (a-z)")
    if "--" in value:
        messages.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        messages.append("must not begin or end with a hyphen")
    return messages


def port_number_or_name(value: int | str) -> Messages:
    return port_number(value) if isinstance(value, int) else port_name(value)


def ip_address(value: str) -> Messages:
    import ipaddress

    try:
        ipaddress.ip_address(value)
    except ValueError:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    return ()


def special_address(value: str) -> Messages:
    """What is wrong with an IP address as an endpoint's: nobody else reaches it (`ValidateNonSpecialIP`)."""
    import ipaddress

    address = ipaddress.ip_address(value)
    if address.is_unspecified:
        return [f"may not be unspecified ({value})"]
    if address.is_loopback:
        return ["may not be in the loopback range (127.0.0.0/8, ::1/128)"]
    if address.is_link_local:
        return ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"]
    return ()


def cidr(value: str) -> Messages:
    import ipaddress

    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    return ()


def between(low: int, high: int) -> str:
    return f"must be between {low} and {high}, inclusive"


NOT_NEGATIVE = "must be greater than or equal to 0"
POSITIVE = "must be greater than zero"


def _too_long(value: str, limit: int) -> list[str]:
    return [f"must be no more than {limit} bytes"] if len(value.encode()) > limit else []


def _empty(what: str) -> str:
    return f"{what} must be non-empty"


def _regex(text: str, pattern: str, *examples: str) -> str:
    """RegexError's wording, its doubled space included."""
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {shown}regex used for validation is '{pattern}')"
