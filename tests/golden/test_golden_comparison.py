"""The comparison with a recording can fail: it takes no row, event or field but those recorded or listed."""

from typing import Any

import msgspec
import pytest

import golden_final as final
import golden_masks as masks
import golden_progress as progress
import golden_recordings as recordings
from golden_progress import Shown
from golden_recordings import Event, Recording
from podrunner.objects import codec
from podrunner.objects.pod import Pod

PULLED = Event("Normal", "Pulled", "spec.containers{main}", "present")
CREATED = Event("Normal", "Created", "spec.containers{main}", "made")
STARTED = Event("Normal", "Started", "spec.containers{main}", "started")
UNHEALTHY = Event("Warning", "Unhealthy", "spec.containers{main}", "not well")
SCHEDULED = Event("Normal", "Scheduled", "", "to vm")
KILLING = Event("Normal", "Killing", "spec.containers{main}", "stopping")
EVENTS = (SCHEDULED, PULLED, CREATED, STARTED, UNHEALTHY, KILLING)
ROWS = ("0/1 Pending 0", "1/1 Running 0", "0/1 Error 0", "1/1 Running 1", "0/1 Error 1", "0/1 Terminating 1", "DELETED")
STATUS: dict[str, Any] = {
    "phase": "Running",
    "conditions": {"Ready": {"status": "True"}},
    "containers": {
        "init": {"init": True, "ready": True, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}},
        "main": {"init": False, "ready": True, "restartCount": 1, "state": {"running": {}}, "started": True},
    },
}
SHOWN = Shown(ROWS, EVENTS, STATUS)


def recording(differences: str = "") -> Recording:
    """Deleted after 9 s. All events up to Started came in one instant."""
    return Recording(
        name="one",
        manifest="",
        rows=tuple(zip((0.0, 1.0, 2.0, 3.0, 4.0, 9.1, 9.2), ROWS, strict=True)),
        events=tuple(zip((0.0, 0.5, 0.5, 0.5, 0.5, 9.1), EVENTS, strict=True)),
        final=STATUS,
        actions=(),
        deleted_at=9.0,
        delete_arguments=(),
        differences=recordings.read_differences(differences),
    )


def complaints(shown: Shown, differences: str = "") -> list[str]:
    return progress.complaints(recording(differences), shown)


def without(things: tuple[Any, ...], *left_out: Any) -> tuple[Any, ...]:
    return tuple(each for each in things if each not in left_out)


def changed(path: str, value: Any) -> Shown:
    """SHOWN with another value there in its status."""
    status = msgspec.json.decode(msgspec.json.encode(STATUS))
    *parents, last = path.split(".")
    place = status
    for key in parents:
        place = place[key]
    place[last] = value
    return SHOWN._replace(final=status)


def test_the_same_is_no_difference() -> None:
    assert complaints(SHOWN) == []


# ---- rows

ADDED = "rows: [{add: 0/1 CrashLoopBackOff 1, after: 0/1 Error 1, why: faster}]"
WITH_ADDED = (*ROWS[:5], "0/1 CrashLoopBackOff 1", *ROWS[5:])


@pytest.mark.parametrize(
    "rows",
    [
        without(ROWS, "0/1 Error 0"),
        (*ROWS[:2], "0/1 Completed 0", *ROWS[2:]),
        (ROWS[0], ROWS[2], ROWS[1], *ROWS[3:]),
        without(ROWS, "DELETED"),
        without(ROWS, "0/1 Terminating 1"),
    ],
)
def test_a_row_missing_unexpected_or_out_of_order_is_told(rows: tuple[str, ...]) -> None:
    (title, *lines) = complaints(SHOWN._replace(rows=rows))
    assert title == "rows (- missing, + unexpected):"
    assert any(line[0] in "-+" for line in lines)


def test_a_listed_row_has_to_come_where_it_is_listed() -> None:
    assert complaints(SHOWN._replace(rows=WITH_ADDED), ADDED) == []
    assert complaints(SHOWN, ADDED)
    assert complaints(SHOWN._replace(rows=(*ROWS[:4], "0/1 CrashLoopBackOff 1", *ROWS[4:])), ADDED)


def test_a_row_that_may_come_need_not() -> None:
    maybe = ADDED.replace("}", ", maybe: true}")
    assert complaints(SHOWN._replace(rows=WITH_ADDED), maybe) == []
    assert complaints(SHOWN, maybe) == []
    assert complaints(SHOWN._replace(rows=without(WITH_ADDED, "0/1 Error 1")), maybe)


def test_a_row_that_is_listed_as_not_shown_must_not_come() -> None:
    dropped = "rows: [{drop: 0/1 Terminating 1, why: newer}]"
    assert complaints(SHOWN._replace(rows=without(ROWS, "0/1 Terminating 1")), dropped) == []
    assert complaints(SHOWN, dropped)


def test_a_difference_from_what_was_not_recorded_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="was not recorded: 0/1 Evicted 0"):
        complaints(SHOWN, "rows: [{drop: 0/1 Evicted 0, why: newer}]")


@pytest.mark.parametrize("text", ["rows: [{add: 0/1 Error 2}]", "row: []", "final: [{field: phase, why: 1}]"])
def test_a_difference_needs_its_reason_and_no_unknown_words(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        recordings.read_differences(text)


# ---- events


def test_a_missing_and_an_unexpected_event_are_told() -> None:
    other = KILLING._replace(message="another reason")
    assert complaints(SHOWN._replace(events=(*without(EVENTS, KILLING), other))) == [
        "event missing: Normal Killing spec.containers{main} stopping",
        "event unexpected: Normal Killing spec.containers{main} another reason",
    ]


def test_events_of_one_container_are_in_order() -> None:
    shown = SHOWN._replace(events=(KILLING, *without(EVENTS, KILLING)))
    assert len(complaints(shown)) == 4
    assert complaints(shown)[0].startswith("event too early: Normal Killing spec.containers{main} stopping; before")


def test_the_steps_of_a_start_are_in_order_also_in_one_instant() -> None:
    assert complaints(SHOWN._replace(events=(SCHEDULED, PULLED, STARTED, CREATED, UNHEALTHY, KILLING)))


def test_other_events_of_one_instant_and_those_of_another_object_have_no_order() -> None:
    assert complaints(SHOWN._replace(events=(UNHEALTHY, PULLED, SCHEDULED, CREATED, STARTED, KILLING))) == []


def test_a_listed_event_has_to_come_and_after_its_predecessor() -> None:
    listed = """
    events:
    - add: [Warning, BackOff, "spec.containers{main}", again]
      after: [Warning, Unhealthy, "spec.containers{main}", not well]
      why: faster
    """
    back_off = Event("Warning", "BackOff", "spec.containers{main}", "again")
    assert complaints(SHOWN._replace(events=(*EVENTS[:5], back_off, KILLING)), listed) == []
    assert complaints(SHOWN._replace(events=(*EVENTS[:4], back_off, UNHEALTHY, KILLING)), listed)
    assert complaints(SHOWN, listed)


def test_an_event_listed_as_not_shown_must_not_come() -> None:
    listed = 'events: [{drop: [Normal, Killing, "spec.containers{main}", stopping], why: newer}]'
    assert complaints(SHOWN._replace(events=without(EVENTS, KILLING)), listed) == []
    assert complaints(SHOWN, listed)


# ---- the status


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("phase", "Failed", "final: phase is 'Failed', not 'Running'"),
        ("containers.main.restartCount", 2, "final: containers.main.restartCount is 2, not 1"),
        ("conditions.Ready.reason", "Odd", "final: conditions.Ready.reason is 'Odd', not None"),
        ("conditions.Other", {"status": "True"}, "final: conditions.Other.status is 'True', not None"),
        ("containers.main.started", None, "final: containers.main.started is None, not True"),
    ],
)
def test_a_field_that_differs_is_told(path: str, value: Any, told: str) -> None:
    assert complaints(changed(path, value)) == [told]


def test_newer_conditions_and_whether_an_init_container_started_may_be_there() -> None:
    assert complaints(changed("conditions.PodReadyToStartContainers", {"status": "True"})) == []
    assert complaints(changed("containers.init.started", False)) == []


def test_a_listed_field_has_to_be_as_it_is_listed() -> None:
    listed = "final: [{field: phase, ours: Failed, why: newer}]"
    assert complaints(changed("phase", "Failed"), listed) == []
    assert complaints(SHOWN, listed) == ["final: phase is 'Running', not 'Failed'"]
    assert complaints(SHOWN, listed.replace("why", "maybe: true, why")) == []


def test_a_field_listed_as_different_that_was_recorded_so_is_a_mistake() -> None:
    listed = "final: [{field: phase, ours: Running, why: newer}]"
    assert complaints(SHOWN, listed) == ["final: a difference is listed for what was recorded: phase"]


def test_of_a_pods_status_is_kept_what_the_recordings_have() -> None:
    status = {
        "phase": "Running",
        "podIP": "10.0.0.7",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-03-01T12:00:00Z"}],
        "containerStatuses": [
            {
                "name": "main",
                "ready": True,
                "restartCount": 1,
                "started": True,
                "state": {"running": {"startedAt": "2026-03-01T12:00:00Z"}},
                "lastState": {"terminated": {"exitCode": 0, "reason": "Completed", "containerID": "docker://1"}},
            }
        ],
    }
    assert final.of(codec.decode({"status": status}, Pod)) == {
        "phase": "Running",
        "conditions": {"Ready": {"status": "True"}},
        "containers": {
            "main": {
                "init": False,
                "ready": True,
                "restartCount": 1,
                "started": True,
                "state": {"running": {}},
                "lastState": {"terminated": {"exitCode": 0, "reason": "Completed"}},
            }
        },
    }


# ---- how far a replay is

BEFORE = SHOWN._replace(rows=ROWS[:5], events=without(EVENTS, KILLING))


def test_all_is_shown_when_everything_before_the_deletion_came() -> None:
    assert progress.is_complete(recording(), BEFORE)


@pytest.mark.parametrize(
    "shown",
    [
        BEFORE._replace(rows=ROWS[:4]),
        BEFORE._replace(events=without(BEFORE.events, UNHEALTHY)),
        BEFORE._replace(final=changed("phase", "Pending").final),
    ],
)
def test_as_long_as_something_is_missing_not_all_is_shown(shown: Shown) -> None:
    assert not progress.is_complete(recording(), shown)


def test_a_command_is_due_when_the_row_it_was_given_at_has_come() -> None:
    assert progress.has_come_to(recording(), 2.5, ROWS[:3])
    assert not progress.has_come_to(recording(), 2.5, ROWS[:2])
    listed = "rows: [{add: 0/1 CrashLoopBackOff 0, after: 0/1 Error 0, why: faster}]"
    assert progress.has_come_to(recording(listed), 2.5, ROWS[:3])


def test_a_row_that_cannot_belong_there_leads_astray() -> None:
    assert not progress.is_astray(recording(), ROWS[:3])
    assert progress.is_astray(recording(), (*ROWS[:3], "0/1 CrashLoopBackOff 0"))
    assert progress.is_astray(recording(), (*ROWS[:5], "1/1 Running 2"))


# ---- masks and cases


def test_what_differs_from_run_to_run_is_masked() -> None:
    data = {"message": f"pod=a_here(8894b487-a29f-4743-b5cf-671a4d351265) {'ab' * 32}", "code": 1}
    assert masks.everywhere(data, "here") == {"message": "pod=a_NAMESPACE(<uid>) <container id>", "code": 1}
    assert masks.text("Successfully assigned here/a to host.example", "here") == (
        "Successfully assigned NAMESPACE/a to vm"
    )
    unreachable = 'cannot: Get "https://registry-1.docker.io/v2/": dial tcp: no such host'
    assert masks.text(unreachable, "here") == 'cannot: Get "https://registry-1.docker.io/v2/": <no answer>'


@pytest.mark.parametrize("name", recordings.names())
def test_every_case_can_be_read_and_its_differences_are_of_things_recorded(name: str) -> None:
    case = recordings.load(name)
    recorded = Shown(tuple(row for _, row in case.rows), tuple(event for _, event in case.events), case.final)
    found = progress.complaints(case, recorded)
    sure = [change for each in case.differences.__struct_fields__ for change in getattr(case.differences, each)]
    assert bool(found) == any(not change.maybe for change in sure)
    assert not any("was recorded" in told for told in found)
