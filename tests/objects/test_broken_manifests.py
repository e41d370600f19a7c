"""10 000 broken manifests: each error names the field and the line. 1 000 valid ones: none is refused.

The quick loop tries ten of each kind and two hundred valid ones; the others come with all that takes its time.
"""

from collections.abc import Iterable
from random import Random

import pytest

import manifest_cases
from podrunner import errors
from podrunner.objects import loading, pod

BROKEN = 10_000
VALID = 1_000
QUICK = 10
QUICK_VALID = 200


def _share(name: str) -> range:
    """The seeds one mutation is tried with; together the mutations make up BROKEN."""
    names = list(manifest_cases.MUTATIONS)
    return range(names.index(name), BROKEN, len(names))


def test_there_are_at_least_thirty_mutations() -> None:
    assert len(manifest_cases.MUTATIONS) >= 30
    assert sum(len(_share(name)) for name in manifest_cases.MUTATIONS) == BROKEN


@pytest.mark.parametrize("name", manifest_cases.MUTATIONS)
def test_the_error_names_the_field_and_its_line(name: str) -> None:
    _assert_named(name, _share(name)[:QUICK])


@pytest.mark.engine  # needs none, but seconds
@pytest.mark.parametrize("name", manifest_cases.MUTATIONS)
def test_the_error_names_the_field_and_its_line_in_thousands(name: str) -> None:
    _assert_named(name, _share(name)[QUICK:])


def _assert_named(mutation: str, seeds: Iterable[int]) -> None:
    for seed in seeds:
        manifest, fault = manifest_cases.broken(mutation, seed)
        expected = f"pod.yaml:{manifest.line(fault.at)}: {manifest_cases.text_path(fault.path)}: "
        found = _problems(manifest.text)
        assert any(problem.startswith(expected) for problem in found), f"{expected}\n{found}\n{manifest.text}"


def test_valid_manifests_are_accepted() -> None:
    _assert_accepted(range(QUICK_VALID))


@pytest.mark.engine  # needs none, but seconds
def test_a_thousand_valid_manifests_are_accepted() -> None:
    _assert_accepted(range(QUICK_VALID, VALID))


def _assert_accepted(seeds: Iterable[int]) -> None:
    for seed in seeds:
        (loaded,) = loading.load_text(manifest_cases.valid(seed).text, "pod.yaml")
        assert isinstance(loaded.object, pod.Pod)


def test_random_damage_to_the_text_is_never_a_traceback() -> None:
    rng = Random(1)
    for seed in range(500):
        text = bytearray(manifest_cases.valid(seed).text.encode())
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(text))
            text[start : start + rng.randint(0, 3)] = rng.choice(_DAMAGE)
        assert all(problem.startswith("pod.yaml:") for problem in _problems(bytes(text)))


def _problems(text: str | bytes) -> tuple[str, ...]:
    try:
        loading.load_text(text, "pod.yaml")
    except errors.ManifestError as error:
        return error.problems
    return ()


_DAMAGE = [b"", b"\n", b":", b"- ", b"{", b"}", b"[", b"\t", b"\x00", b"\xff", b"&a ", b"*a", b"!!int ", b"'", b"<<: "]


@pytest.mark.parametrize("value", ["12345", "[12345]", "{a: 12345}", "true"])
def test_no_error_shows_the_value_of_a_secret(value: str) -> None:
    for field in (f"stringData: {{key: {value}}}", f"data: {{key: {value}}}", "data: marker", "stringData: marker"):
        text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\n{field}\n"
        with pytest.raises(errors.ManifestError) as refused:
            loading.load_text(text, "keys.yaml")
        assert "12345" not in str(refused.value)
        assert "marker" not in str(refused.value)
