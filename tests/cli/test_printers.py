"""How a run is shown: in plain lines, as JSON, and on a terminal."""

import io
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from podrunner.cli import terminal
from podrunner.cli.jsonlines import JsonPrinter
from podrunner.cli.output import Messages, Output
from podrunner.cli.plain import PlainPrinter
from podrunner.cli.pulls import Pull, Pulls
from podrunner.cli.rows import Rows
from podrunner.cli.terminal import TerminalPrinter, status_style
from podrunner.client.actions import PodRef
from podrunner.client.api import RunMessage
from podrunner.objects import codec
from podrunner.objects.event import Event
from podrunner.objects.pod import Pod
from podrunner.pods import images

REF = PodRef("default", "kubia-init")
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def pod(phase: str = "Pending", *, name: str = "kubia-init", done: int = 0, created: datetime = CREATED) -> Pod:
    inits = [{"name": each, "state": {"terminated": {"exitCode": 0}} if done > index else {}}
             for index, each in enumerate(("init-demo", "network-check"))]  # fmt: skip
    return codec.decode(
        {
            "metadata": {"namespace": "default", "name": name, "creationTimestamp": created.isoformat()},
            "spec": {
                "initContainers": [{"name": "init-demo"}, {"name": "network-check"}],
                "containers": [{"name": "kubia"}, {"name": "envoy"}],
            },
            "status": {"phase": phase, "initContainerStatuses": inits},
        },
        Pod,
    )


def event(
    type_: str = "Normal", reason: str = "Started", message: str = "Started container init-demo", **more: Any
) -> Event:
    about = {"namespace": "default", "name": "kubia-init", "fieldPath": "spec.initContainers{init-demo}"}
    data = {"type": type_, "reason": reason, "message": message, "count": 1, "involvedObject": about}
    return codec.decode(data | more, Event)


def shown(
    make: Callable[[Output, Messages], PlainPrinter], *calls: Callable[[PlainPrinter], None]
) -> tuple[bytes, str]:
    """What a printer wrote to standard output and to standard error."""
    out, err = io.BytesIO(), io.StringIO()
    printer = make(Output(out), Messages(err))
    for call in calls:
        call(printer)
    printer.close()
    return out.getvalue(), err.getvalue()


def test_status_rows_read_as_the_chapters_listing() -> None:
    rows = Rows([pod()])
    now = CREATED + timedelta(seconds=6)
    assert rows.header() == "NAME         READY   STATUS            RESTARTS   AGE"
    assert rows.status(pod(), CREATED) == "kubia-init   0/2     Init:0/2          0          0s"
    assert rows.status(pod(done=1), now) == "kubia-init   0/2     Init:1/2          0          6s"


def test_events_read_as_the_chapters_listing() -> None:
    rows = Rows([pod()])
    assert rows.event(event()) == "  Normal    Started     Started container init-demo"
    assert rows.event(event("Warning", "BackOff", "Back-off", count=3)) == "  Warning   BackOff     Back-off (x3)"


def test_several_pods_are_told_apart() -> None:
    rows = Rows([pod(), pod(name="db")])
    assert rows.event(event()) == "  Normal    Started     pod/kubia-init   Started container init-demo"
    assert rows.prefix("db", "main") == "[db/main] "
    assert Rows([pod()]).prefix("db", "main") == "[main] "


def test_plain_output_goes_line_by_line_after_the_containers_name() -> None:
    out, err = shown(
        lambda output, messages: PlainPrinter(output, messages, [pod()]),
        lambda printer: printer.output(REF, "init-demo", [b"one", b"", b"\xff\x00\r"]),
    )
    assert out == b"[init-demo] one\n[init-demo] \n[init-demo] \xff\x00\r\n"
    assert err == ""


def test_the_header_stands_once_above_the_rows() -> None:
    created = datetime.now(UTC)
    _, err = shown(
        lambda output, messages: PlainPrinter(output, messages, [pod()]),
        lambda printer: printer.status(pod(created=created)),
        lambda printer: printer.event(event()),
        lambda printer: printer.status(pod(done=1, created=created)),
    )
    assert err == (
        "NAME         READY   STATUS            RESTARTS   AGE\n"
        "kubia-init   0/2     Init:0/2          0          0s\n"
        "  Normal    Started     Started container init-demo\n"
        "kubia-init   0/2     Init:1/2          0          0s\n"
    )


def test_quiet_leaves_the_output_and_what_went_wrong() -> None:
    out, err = shown(
        lambda output, messages: PlainPrinter(output, messages, [pod()], quiet=True),
        lambda printer: printer.status(pod()),
        lambda printer: printer.event(event()),
        lambda printer: printer.notice("stopping"),
        lambda printer: printer.output(REF, "kubia", [b"here"]),
        lambda printer: printer.problem("it failed", "", ()),
    )
    assert (out, err) == (b"[kubia] here\n", "error: it failed\n")


def test_a_problem_comes_with_the_last_lines_of_the_container() -> None:
    _, err = shown(
        lambda output, messages: PlainPrinter(output, messages, [pod()]),
        lambda printer: printer.problem("it failed", "check", [b"no route", b"\xff"]),
        lambda printer: printer.problem("it failed", "check", []),
    )
    assert err == (
        "error: it failed\nthe last lines of check:\n    no route\n    \\xff\n"
        "error: it failed\ncheck has written nothing\n"
    )


def test_json_is_one_object_per_line() -> None:
    out, err = shown(
        lambda output, messages: JsonPrinter(output, messages, [pod()]),
        lambda printer: printer.status(pod(done=1)),
        lambda printer: printer.event(event(lastTimestamp="2026-01-01T00:00:02Z")),
        lambda printer: printer.output(REF, "kubia", [b'say "hi"', b"\xffoo"]),
        lambda printer: printer.problem("it failed", "", ()),
    )
    status, happened, text, binary = [json.loads(line) for line in out.decode().splitlines()]
    assert status.pop("time")
    assert status == {
        "type": "status", "namespace": "default", "pod": "kubia-init",
        "phase": "Pending", "ready": "0/2", "status": "Init:1/2", "restarts": 0,
    }  # fmt: skip
    assert happened == {
        "type": "event", "time": "2026-01-01T00:00:02Z", "namespace": "default", "pod": "kubia-init",
        "eventType": "Normal", "reason": "Started", "message": "Started container init-demo",
        "count": 1, "fieldPath": "spec.initContainers{init-demo}",
    }  # fmt: skip
    assert text == {
        "type": "log",
        "namespace": "default",
        "pod": "kubia-init",
        "container": "kubia",
        "line": 'say "hi"',
    }
    assert (binary["line"], binary["base64"]) == ("\ufffdoo", "/29v")
    assert err == "error: it failed\n"


def test_output_whose_reader_left_is_told_once() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with io.FileIO(write_end, "wb") as raw:
        output = Output(raw)
        with pytest.raises(BrokenPipeError):
            output.write(b"one\n")
        output.write(b"two\n")


def test_output_that_fits_only_in_parts_is_written_in_parts() -> None:
    class Narrow(io.BytesIO):
        def write(self, data: Any, /) -> int:
            return super().write(bytes(data[:2]))

    raw = Narrow()
    Output(raw).write(b"hello")
    assert raw.getvalue() == b"hello"


def test_a_message_that_cannot_be_written_is_no_error() -> None:
    closed = io.StringIO()
    closed.close()
    Messages(closed).write("nobody hears this")


def test_a_terminal_erases_the_live_part_before_anything_stays() -> None:
    out, err = shown(
        lambda output, messages: TerminalPrinter(output, messages, [pod()], colour=False, output_is_terminal=True),
        lambda printer: printer.status(pod(created=datetime.now(UTC))),
        lambda printer: printer.output(REF, "kubia", [b"\x1b[1mhere\xff"]),
    )
    header, live, row = err.removesuffix("\n").split("\n")
    assert header == "\x1b[1mNAME         READY   STATUS            RESTARTS   AGE\x1b[0m"
    assert "kubia-init\x1b[0m  0/2  Init:0/2" in live
    assert row == "\r\x1b[1A\x1b[Jkubia-init   0/2     Init:0/2          0          0s"
    assert out == b"[kubia] \x1b[1mhere\xff\n"


@pytest.mark.parametrize(
    ("columns", "live"),
    [
        (80, ["registry.example.com/ku…  ━━━━━━━━━━━━          30 bytes of 50 bytes  0/1 layers",
              "kubia-init  0/2  Init:0/2  0s"]),
        (40, ["registry.example.com/kubia:…  0/1 layers", "kubia-init  Init:0/2"]),
        (16, ["reg…  0/1 layers", "kubia…  Init:0/2"]),
        (5, ["0/1 …", "Init…"]),
    ],
)  # fmt: skip
def test_the_live_part_has_one_row_for_each_thing_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, live: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(terminal, "_DRAW_EVERY_SECONDS", 0)
    image = msgspec.structs.replace(layer("a", "Downloading", 30, 50), reference="registry.example.com/kubia:1.0")
    _, err = shown(
        lambda output, messages: TerminalPrinter(output, messages, [pod()], colour=False, output_is_terminal=True),
        lambda printer: printer.status(pod(created=datetime.now(UTC))),
        lambda printer: printer.pull(image),
    )
    drawn = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]|\r|[⠀-⣿]  ", "", err).splitlines()
    assert [line.rstrip() for line in drawn[-len(live) :]] == live


def test_colours_are_left_out_when_unwanted() -> None:
    _, err = shown(
        lambda output, messages: TerminalPrinter(output, messages, [pod()], colour=False, output_is_terminal=True),
        lambda printer: printer.event(event("Warning", "Failed", "no such image")),
    )
    assert "\x1b[3" not in err


def test_prefixes_are_coloured_on_a_terminal_only() -> None:
    def output(is_terminal: bool) -> bytes:
        return shown(
            lambda out, messages: TerminalPrinter(out, messages, [pod()], colour=True, output_is_terminal=is_terminal),
            lambda printer: printer.output(REF, "kubia", [b"here"]),
        )[0]

    assert output(False) == b"[kubia] here\n"
    assert output(True) == b"\x1b[36m[kubia] \x1b[0mhere\n"


@pytest.mark.parametrize(
    ("status", "style"),
    [
        ("Running", "green"), ("Completed", "green"), ("Pending", "yellow"), ("Init:1/2", "yellow"),
        ("Terminating", "yellow"), ("Init:Error", "red"), ("CrashLoopBackOff", "red"), ("ErrImagePull", "red"),
    ],
)  # fmt: skip
def test_a_status_is_coloured_by_what_it_means(status: str, style: str) -> None:
    assert status_style(status) == style


def layer(layer_: str, status: str, current: int = 0, total: int = 0) -> RunMessage:
    return RunMessage("PULL", "default", "web", "main", "img:1", layer_, status, current, total)


def test_a_pull_adds_up_its_layers() -> None:
    pulls = Pulls()
    for message in (
        layer("a", "Pulling fs layer"),
        layer("b", "Already exists"),
        layer("c", "Downloading", 10, 100),
        layer("a", "Downloading", 30, 50),
        layer("a", "Download complete"),
        layer("a", "Extracting", 3, 50),
    ):
        pulls.progressed(message)
    assert pulls.under_way() == [Pull("img:1", fetched=60, size=150, done_layers=1, layers=3)]
    pulls.progressed(layer("a", "Pull complete"))
    assert pulls.under_way()[0].done_layers == 2
    pulls.ended("default", "web", "main")
    assert pulls.under_way() == []
    pulls.progressed(layer("a", "Downloading", 30, 50))
    pulls.progressed(layer("", images.PULL_OVER))
    assert pulls.under_way() == []
