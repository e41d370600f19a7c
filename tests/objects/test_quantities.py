"""Quantities: exact, canonical, and what is none."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from podrunner.objects import quantity


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0.5", "500m"),
        ("100m", "100m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        ("1000", "1k"),
        ("1024", "1024"),
        ("1024Ki", "1Mi"),
        ("1Gi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("512Mi", "512Mi"),
        ("0.5Ki", "512"),
        ("100M", "100M"),
        ("12E", "9223372036854775807"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("12e-3", "12e-3"),
        ("-5", "-5"),
        ("+2", "2"),
        (".5", "500m"),
        ("5.", "5"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("250u", "250u"),
    ],
)
def test_the_canonical_form_is_kubernetes(text: str, canonical: str) -> None:
    assert quantity.canonical(text) == canonical


@pytest.mark.parametrize(
    "text", ["", "m", "1 Gi", "64MB", "1e", "0x10", "1..5", "--1", "1Kii", "\u0661", "9" * 5000, "1K"]
)
def test_what_is_no_quantity_is_refused_in_kubernetes_words(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match the regular expression") as caught:
        quantity.parse(text)
    assert str(caught.value) == (
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )


def test_values_round_up() -> None:
    parsed = quantity.parse("1500m")
    assert (parsed.value, parsed.milli_value) == (2, 1500)
    assert quantity.parse("1u").milli_value == 1
    assert quantity.parse("-1500m").value == -1


@given(st.integers(-(10**6), 10**6), st.sampled_from(["n", "u", "m", "", "k", "M", "Ki", "Mi", "e2", "e-2", "E-1"]))
def test_canonical_text_means_the_same_and_is_a_fixed_point(number: int, suffix: str) -> None:
    parsed = quantity.parse(f"{number}{suffix}")
    text = str(parsed)
    assert quantity.parse(text).amount == parsed.amount
    assert quantity.canonical(text) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**6), max_value=10**6))
def test_nine_decimal_places_are_exact(number: Fraction) -> None:
    assert quantity.parse(format(number, "f")).amount == Fraction(number)


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        parsed = quantity.parse(text)
    except ValueError:
        return
    assert quantity.parse(str(parsed)).amount == parsed.amount
