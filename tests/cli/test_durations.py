"""Durations as Go writes them."""

import pytest

from podrunner.cli import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0), ("300ms", 0.3), ("90s", 90), ("1m30s", 90), ("1.5h", 5400), ("1h2m3.5s", 3723.5), (".5s", 0.5),
        ("2.s", 2), ("+5s", 5), ("1h1h", 7200), ("250us", 0.00025), ("250µs", 0.00025), ("7ns", 7e-9),
        ("2562047h", 2562047 * 3600),
    ],
)  # fmt: skip
def test_a_duration_reads_as_in_go(text: str, seconds: float) -> None:
    assert durations.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'invalid duration ""'),
        ("5", 'missing unit in duration "5"'),
        ("1m30", 'missing unit in duration "1m30"'),
        ("-5s", 'invalid duration "-5s"'),
        ("5 s", 'missing unit in duration "5 s"'),
        ("5d", 'unknown unit "d" in duration "5d"'),
        ("five", 'invalid duration "five"'),
        ("1e3s", 'unknown unit "e" in duration "1e3s"'),
        (".s", 'invalid duration ".s"'),
        ("\u0665s", 'invalid duration "\u0665s"'),
        ("2562048h", 'invalid duration "2562048h"; the longest there is are 2562047h'),
        ("9" * 400 + "s", f'invalid duration "{"9" * 400}s"; the longest'),
    ],
)
def test_what_is_no_duration_is_refused_with_a_reason(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="duration") as caught:
        durations.seconds(text)
    assert str(caught.value).startswith(problem)
