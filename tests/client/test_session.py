"""The course of a run: what is done and shown when something happens, and how it ends."""

from typing import Any

import msgspec

from podrunner.client import actions
from podrunner.client.actions import LogStream, PodRef
from podrunner.client.session import Options, Session
from podrunner.objects import codec
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod

REF = PodRef("default", "web")
MAIN = LogStream(REF, "main", "docker://main")
CHECK = LogStream(REF, "check", "docker://check")


def pod(phase: str = "Pending", *, name: str = "web", version: int = 1, **status: Any) -> Pod:
    return codec.decode(
        {
            "metadata": {"namespace": "default", "name": name, "uid": f"uid-{name}", "resourceVersion": str(version)},
            "spec": {
                "initContainers": [{"name": "check"}],
                "containers": [{"name": "main"}],
                "terminationGracePeriodSeconds": 5,
            },
            "status": {"phase": phase, **status},
        },
        Pod,
    )


def container(name: str, **state: Any) -> dict[str, Any]:
    return {"name": name, "containerID": f"docker://{name}", "ready": "running" in state, "state": state}


def running(**more: Any) -> Pod:
    conditions = [{"type": "Initialized", "status": "True"}, *more.pop("conditions", [])]
    return pod("Running", containerStatuses=[container("main", running={})], conditions=conditions, **more)


def succeeded() -> Pod:
    ended = container("main", terminated={"exitCode": 0, "reason": "Completed"})
    return pod("Succeeded", containerStatuses=[ended], conditions=[{"type": "Initialized", "status": "True"}])


def check_failed() -> Pod:
    return pod("Failed", initContainerStatuses=[container("check", terminated={"exitCode": 3, "reason": "Error"})])


def session(*pods: Pod, **options: Any) -> Session:
    begun = Session(pods or (pod(),), Options(**options))
    begun.began(0)
    return begun


def told(happened: list[actions.Action]) -> list[str]:
    """The actions, short: `status Running`, `follow main`, `delete web 0`, `end 130` …"""
    return [_told(action) for action in happened]


def _told(action: actions.Action) -> str:
    match action:
        case actions.ShowStatus():
            return f"status {action.pod.status.phase}"
        case actions.ShowEvent():
            return f"event {action.event.reason}"
        case actions.ShowOutput():
            return f"output {action.container} {b'|'.join(action.lines).decode()}"
        case actions.ShowNotice():
            return f"notice {action.text}"
        case actions.ShowProblem():
            return f"problem {action.text}" + (f" [{b'|'.join(action.lines).decode()}]" if action.container else "")
        case actions.Follow():
            return f"follow {action.stream.container}"
        case actions.Delete():
            grace = "" if action.grace_seconds is None else f" {action.grace_seconds}"
            return f"delete {action.pod.name}{grace}"
        case actions.Watch():
            return f"watch {action.pod.name} {action.since}"
        case actions.WatchEvents():
            return f"events {action.uid} {action.since}"
        case actions.End():
            return f"end {action.exit_status}"
        case _:
            raise AssertionError(action)


def event(reason: str = "Started", *, name: str = "web.1", count: int = 1, version: int = 7) -> Event:
    metadata = {"name": name, "resourceVersion": str(version)}
    return codec.decode({"metadata": metadata, "reason": reason, "count": count, "message": "told so"}, Event)


def test_a_run_begins_by_watching_its_pods_and_their_events() -> None:
    begun = Session([pod(), pod(name="db", version=2)], Options())
    assert told(begun.began(0)) == [
        "status Pending", "events uid-web ", "watch web 1",
        "status Pending", "events uid-db ", "watch db 2",
    ]  # fmt: skip


def test_a_status_that_reads_the_same_is_shown_once() -> None:
    run = session()
    assert told(run.pod_changed(pod(version=2), 1)) == []
    assert told(run.pod_changed(running(), 1)) == ["status Running", "follow main"]


def test_a_run_that_succeeds_drains_its_logs_then_removes_the_pod_then_ends() -> None:
    run = session()
    run.pod_changed(running(), 1)
    assert told(run.pod_changed(succeeded(), 2)) == ["status Succeeded"]
    assert told(run.log_received(MAIN, b"one\ntw", 3)) == ["output main one"]
    assert told(run.log_ended(MAIN, 4)) == ["output main tw", "delete web"]
    assert told(run.pod_gone(REF, 5)) == ["end 0"]


def test_the_container_that_was_seen_to_fail_first_decides_the_exit_status() -> None:
    def both(main: dict[str, Any], other: dict[str, Any], phase: str) -> Pod:
        return pod(phase, containerStatuses=[container("main", **main), container("other", **other)])

    when = {"finishedAt": "2026-01-01T00:00:00Z"}
    failed, failed_too = {"terminated": {"exitCode": 4, **when}}, {"terminated": {"exitCode": 3, **when}}
    run = session(keep=True)
    run.pod_changed(both({"running": {}}, failed, "Running"), 1)
    run.pod_changed(both(failed_too, failed, "Failed"), 2)
    run.log_ended(LogStream(REF, "other", "docker://other"), 3)
    assert told(run.log_ended(MAIN, 3))[-1] == "end 4"


def test_with_keep_the_ended_pod_stays() -> None:
    run = session(keep=True)
    run.pod_changed(running(), 1)
    run.pod_changed(succeeded(), 2)
    assert told(run.log_ended(MAIN, 3)) == ["end 0"]


def test_a_failed_init_container_ends_the_run_with_its_code_and_last_lines() -> None:
    run = session()
    assert told(run.pod_changed(check_failed(), 1)) == ["status Failed", "follow check"]
    run.log_received(CHECK, b"unreachable\n", 2)
    assert told(run.log_ended(CHECK, 3)) == [
        'problem init container "check" of pod "web" failed with exit code 3 (Error) [unreachable]',
        "delete web",
    ]
    assert told(run.pod_gone(REF, 4)) == ["end 3"]


def test_a_failed_init_container_stops_the_other_pods_of_the_run() -> None:
    run = session(pod(), pod(name="db", version=2))
    run.pod_changed(check_failed(), 1)
    assert told(run.log_ended(CHECK, 2))[1:] == ["delete web", "delete db"]
    assert told(run.pod_gone(REF, 3)) == []
    assert told(run.pod_gone(PodRef("default", "db"), 4)) == ["end 3"]


def test_an_image_that_cannot_be_had_ends_the_run_with_125() -> None:
    waiting = {"name": "main", "state": {"waiting": {"reason": "ErrImageNeverPull", "message": "not there"}}}
    run = session()
    happened = told(run.pod_changed(pod(version=2, containerStatuses=[waiting]), 1))
    assert [line.split(":")[0] for line in happened] == [
        "status Pending",
        'problem container "main" of pod "web" can\'t run',
        "delete web",
    ]
    assert told(run.pod_gone(REF, 4)) == ["end 125"]


def test_without_fail_fast_an_image_is_waited_for() -> None:
    waiting = {"name": "main", "state": {"waiting": {"reason": "ErrImagePull", "message": "not there"}}}
    run = session(fail_fast=False)
    assert told(run.pod_changed(pod(version=2, containerStatuses=[waiting]), 1)) == ["status Pending"]
    assert run.wake_at is None


def test_the_first_interrupt_stops_and_the_second_kills() -> None:
    run = session()
    run.pod_changed(running(), 1)
    assert told(run.interrupted(2)) == ["notice stopping; interrupt again to kill at once", "delete web"]
    assert told(run.log_received(MAIN, b"bye\n", 3)) == ["output main bye"]
    assert told(run.interrupted(3)) == ["delete web 0"]
    assert told(run.pod_gone(REF, 4)) == []
    assert told(run.log_ended(MAIN, 5)) == ["end 130"]


def test_an_interrupt_with_keep_leaves_the_pod_running() -> None:
    assert told(session(keep=True).interrupted(1)) == ["end 130"]


def test_an_interrupt_after_the_end_keeps_the_pods_exit_status() -> None:
    run = session()
    run.pod_changed(check_failed(), 1)
    assert told(run.interrupted(2))[-1] == "delete web"
    run.log_ended(CHECK, 3)
    assert told(run.pod_gone(REF, 4)) == ["end 3"]


def test_a_timeout_says_where_the_pods_were_and_exits_124() -> None:
    run = session(deadline=60.0)
    run.pod_changed(running(), 1)
    assert run.wake_at == 60
    assert told(run.time_passed(59.9)) == []
    assert told(run.time_passed(60)) == ['problem timed out: pod "web" was Running', "delete web"]
    run.log_ended(MAIN, 61)
    assert told(run.pod_gone(REF, 62)) == ["end 124"]


def test_a_removal_that_takes_too_long_is_forced_then_given_up() -> None:
    run = session()
    run.interrupted(100)
    assert run.wake_at == 125
    assert told(run.time_passed(125)) == ["delete web 0"]
    assert run.wake_at == 145
    assert told(run.time_passed(145)) == [
        'notice pod "web" is not removed yet; podrunner\'s server goes on with it',
        "end 130",
    ]


def test_a_log_that_does_not_end_is_given_up_when_it_has_been_quiet_for_long() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.pod_changed(succeeded(), 2)
    run.log_received(MAIN, b"still here\n", 9)
    assert run.wake_at == 19
    assert told(run.time_passed(19)) == ["delete web"]
    run.pod_gone(REF, 20)
    assert told(run.time_passed(30)) == ["end 0"]


def test_an_engine_out_of_reach_for_ten_seconds_ends_the_run_with_125() -> None:
    gone = [{"type": "Ready", "status": "False", "reason": "NodeNotReady", "message": "no engine answers"}]
    run = session()
    run.pod_changed(running(conditions=gone), 100)
    run.pod_changed(running(conditions=gone, version=3), 105)
    assert run.wake_at == 110
    assert told(run.time_passed(110)) == [
        "problem no engine answers; what was started is removed when the engine answers again",
        "end 125",
    ]


def test_an_engine_that_comes_back_is_forgiven() -> None:
    gone = [{"type": "Ready", "status": "False", "reason": "NodeNotReady", "message": "no engine answers"}]
    run = session()
    run.pod_changed(running(conditions=gone), 100)
    run.pod_changed(running(version=3), 109)
    assert run.wake_at is None


def test_a_pod_deleted_by_someone_else_ends_the_run() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.log_ended(MAIN, 2)
    assert told(run.pod_gone(REF, 3)) == ['problem pod "web" was deleted before it had ended', "end 1"]


def test_another_pod_of_the_same_name_is_not_ours() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.log_ended(MAIN, 2)
    other = pod(version=9)
    other = msgspec.structs.replace(other, metadata=msgspec.structs.replace(other.metadata, uid="uid-other"))
    assert told(run.pod_changed(other, 3))[-1] == "end 1"


def test_output_that_nobody_reads_stops_the_pod() -> None:
    run = session()
    run.pod_changed(running(), 1)
    assert told(run.output_failed("", 2)) == ["delete web"]
    assert told(run.output_failed("", 3)) == []
    run.log_ended(MAIN, 4)
    assert told(run.pod_gone(REF, 5)) == ["end 141"]


def test_output_that_cannot_be_written_stops_the_pod_and_exits_125() -> None:
    run = session()
    run.pod_changed(running(), 1)
    problem = "problem standard output can't be written: No space left on device"
    assert told(run.output_failed("No space left on device", 2)) == [problem, "delete web"]
    run.log_ended(MAIN, 4)
    assert told(run.pod_gone(REF, 5)) == ["end 125"]


def test_output_that_cannot_be_written_decides_the_exit_status_whenever_the_pod_ended() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.pod_changed(check_failed(), 2)
    failed = told(run.output_failed("disk full", 3))
    assert [line.split(":")[0] for line in failed] == [
        'problem init container "check" of pod "web" failed with exit code 3 (Error) []',
        "problem standard output can't be written",
        "delete web",
    ]
    run.log_ended(CHECK, 4)
    run.log_ended(MAIN, 4)
    assert told(run.pod_gone(REF, 5)) == ["end 125"]


def test_output_that_cannot_be_written_at_the_very_end_is_no_success() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.pod_changed(succeeded(), 2)
    run.log_ended(MAIN, 3)
    assert told(run.pod_gone(REF, 4)) == ["end 0"]
    assert told(run.output_failed("", 4)) == ["end 141"]


def test_output_that_cannot_be_written_after_an_interrupt_does_not_hide_it() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.interrupted(2)
    assert told(run.output_failed("", 3)) == []
    run.log_ended(MAIN, 4)
    assert told(run.pod_gone(REF, 5)) == ["end 130"]


def test_with_keep_output_that_cannot_be_written_leaves_the_pod() -> None:
    assert told(session(keep=True).output_failed("", 2)) == ["end 141"]


def test_an_event_is_shown_once_for_each_time_it_happened() -> None:
    run = session()
    assert told(run.event_seen(REF, event(), 1)) == ["event Started"]
    assert told(run.event_seen(REF, event(), 2)) == []
    assert told(run.event_seen(REF, event(count=2), 3)) == ["event Started"]


def test_a_sandbox_that_cannot_be_made_ends_the_run_after_its_event() -> None:
    happened = told(session().event_seen(REF, event("FailedCreatePodSandBox"), 1))
    assert [line.split(" ")[0] for line in happened] == ["event", "problem", "delete"]


def test_a_broken_watch_is_resumed_where_it_was() -> None:
    run = session()
    run.pod_changed(pod(version=12), 1)
    assert told(run.watch_ended(REF, 2)) == ["watch web 12"]
    run.event_seen(REF, event(version=17), 3)
    assert told(run.event_watch_ended(REF, False, 4)) == ["events uid-web 17"]
    assert told(run.event_watch_ended(REF, True, 5)) == ["events uid-web "]


def test_nothing_is_watched_again_once_the_pod_is_gone() -> None:
    run = session(pod(), pod(name="db"))
    run.pod_changed(running(), 1)
    run.pod_gone(REF, 2)
    assert told(run.watch_ended(REF, 3)) == []
    assert told(run.event_watch_ended(REF, False, 3)) == []
    assert told(run.log_broken(MAIN, 3)) == []


def test_a_broken_log_is_followed_again_without_what_was_shown() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.log_received(MAIN, b"one\ntwo\n", 2)
    assert told(run.log_broken(MAIN, 3)) == ["follow main"]
    assert told(run.log_received(MAIN, b"one\ntwo\nthree\n", 4)) == ["output main three"]


def test_a_log_that_is_refused_is_told_and_not_waited_for() -> None:
    run = session()
    run.pod_changed(running(), 1)
    run.pod_changed(succeeded(), 2)
    assert told(run.log_refused(MAIN, "it is gone", 3)) == [
        'notice the log of container "main" can\'t be read: it is gone',
        "delete web",
    ]


def test_a_server_that_cannot_be_brought_back_ends_the_run_with_125() -> None:
    assert told(session().server_lost("no server", 1)) == ["problem no server", "end 125"]
