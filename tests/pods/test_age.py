"""The AGE column."""

from datetime import UTC, datetime, timedelta

import pytest

from podrunner.pods import age


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=-5), "<invalid>"),
        (timedelta(seconds=-1), "0s"),
        (timedelta(seconds=0.9), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=3, seconds=20), "3m20s"),
        (timedelta(minutes=10, seconds=20), "10m"),
        (timedelta(minutes=179, seconds=59), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=7, minutes=59), "7h59m"),
        (timedelta(hours=8, minutes=59), "8h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=7, hours=23), "7d23h"),
        (timedelta(days=8, hours=23), "8d"),
        (timedelta(days=729), "729d"),
        (timedelta(days=730), "2y"),
        (timedelta(days=800), "2y70d"),
        (timedelta(days=3000), "8y"),
    ],
)
def test_an_age_reads_as_kubectl_writes_it(span: timedelta, text: str) -> None:
    assert age.text(span) == text


def test_the_age_of_what_never_was_is_unknown() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert age.since(None, noon) == "<unknown>"
    assert age.since(noon - timedelta(minutes=3, seconds=20), noon) == "3m20s"
