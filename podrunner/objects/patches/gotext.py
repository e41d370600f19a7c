"""Plain data as Go prints it with %v: what apimachinery's messages show of patches. Pure; performs no I/O."""

from typing import Any


def show(value: Any) -> str:
    """`map[image:busybox name:main]`, `[a b]`, `<nil>`, `true`."""
    match value:
        case dict():
            return f"map[{' '.join(f'{key}:{show(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(map(show, value))}]"
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
    return str(value)


def type_name(value: Any) -> str:
    """What %T prints of decoded JSON."""
    return _TYPES.get(type(value), "<nil>")


_TYPES = {
    dict: "map[string]interface {}",
    list: "[]interface {}",
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
}
