"""Objects with any fields set to anything of the right type: defaults, validation and the codec never stumble."""

from random import Random
from typing import Any

import msgspec
import pytest

from podrunner.objects import codec, decode, defaults, kinds, pod, structure, support, validation

_TEXTS = ["", "a", "A b", "a/b", "..", "/x", "1", "64Mi", "Always", "None", "Localhost", "x" * 300, "[']", "é"]
_NUMBERS = [0, 1, -1, 80, 65536, 2**31 - 1, -(2**31)]


def _random(shape: msgspec.inspect.Type, rng: Random, depth: int = 0) -> Any:
    """Plain data of a type; deeper down, fewer fields."""
    match shape:
        case msgspec.inspect.StructType(fields=fields):
            chosen = [field for field in fields if rng.random() < 0.5 / (1 + depth / 3)]
            return {field.encode_name: _random(field.type, rng, depth + 1) for field in chosen}
        case msgspec.inspect.VarTupleType(item_type=item):
            return [_random(item, rng, depth + 1) for _ in range(rng.randint(0, 2))]
        case msgspec.inspect.DictType(value_type=value):
            return {rng.choice(_TEXTS): _random(value, rng, depth + 1) for _ in range(rng.randint(0, 2))}
        case msgspec.inspect.Metadata(type=inner):
            return _random(inner, rng, depth)
        case msgspec.inspect.UnionType(types=members):
            return _random(rng.choice(members), rng, depth)
        case msgspec.inspect.BoolType():
            return rng.random() < 0.5
        case msgspec.inspect.IntType():
            return rng.choice(_NUMBERS)
        case msgspec.inspect.BytesType():
            return "aGVsbG8="
        case msgspec.inspect.DateTimeType():
            return "2026-01-02T03:04:05Z"
        case msgspec.inspect.StrType():
            return rng.choice(_TEXTS)
    return None


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.plural)
def test_any_object_can_be_decoded_filled_checked_and_written(kind: kinds.Kind) -> None:
    rng = Random(kind.name)
    shape = structure.of(kind.type)
    for _ in range(150 if kind.type is pod.Pod else 15):
        decoded = decode.decode(_random(shape, rng), kind.type)
        assert decoded.unknown == []
        filled = defaults.apply(decoded.object)
        assert defaults.apply(filled) == filled
        assert codec.decode(codec.encode(filled), kind.type) == filled
        for error in validation.validate(filled):
            assert str(error).startswith(error.path)
        if isinstance(filled, pod.Pod):
            assert all(path.startswith("spec.") for path, _ in support.warnings(filled))
