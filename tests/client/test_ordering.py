"""The order of what several watches tell."""

from hypothesis import given, strategies as st

from podrunner.client.ordering import PATIENCE_SECONDS, Ordering


def test_a_change_waits_for_the_one_before_it() -> None:
    ordering: Ordering[str] = Ordering(7)
    ordering.add(9, "status", 0.0)
    assert ordering.due(0.0) == []
    ordering.add(8, "event", 0.001)
    assert ordering.due(0.001) == ["event", "status"]
    assert ordering.wake_at is None


def test_a_change_that_is_another_runs_is_waited_for_only_a_moment() -> None:
    ordering: Ordering[str] = Ordering(7)
    ordering.add(9, "status", 1.0)
    assert ordering.wake_at == 1.0 + PATIENCE_SECONDS
    assert ordering.due(1.0 + PATIENCE_SECONDS) == ["status"]


def test_what_comes_later_than_its_successor_is_passed_on_at_once() -> None:
    ordering: Ordering[str] = Ordering(7)
    ordering.add(9, "status", 0.0)
    assert ordering.due(1.0) == ["status"]
    ordering.add(8, "event", 1.1)
    assert ordering.due(1.1) == ["event"]


@given(st.permutations(range(1, 12)))
def test_whatever_the_order_of_arrival_within_a_moment_all_is_passed_on_in_order(versions: list[int]) -> None:
    ordering: Ordering[int] = Ordering(0)
    passed: list[int] = []
    for version in versions:
        ordering.add(version, version, 0.0)
        passed += ordering.due(0.0)
    assert passed == sorted(versions)
