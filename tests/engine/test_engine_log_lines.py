"""The engine's log stream taken apart: frames and terminals, whole lines and cut ones."""

import itertools
import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings, strategies as st

from podrunner.engine import log_lines

T1, T2, T3 = (f"2024-03-01T12:00:00.00000000{n}Z" for n in (1, 2, 3))


def frame(text: bytes, time: str = T1, stream: int = 1) -> bytes:
    entry = time.encode() + b" " + text
    return struct.pack(">BxxxL", stream, len(entry)) + entry


def parsed(*pieces: bytes) -> list[log_lines.Line]:
    parser = log_lines.Parser()
    return [*(line for piece in pieces for line in parser.feed(piece)), *parser.end(), *parser.finish()]


def logged(lines: list[bytes], is_terminal: bool) -> bytes:
    """What the engine answers for `lines`: an entry for each, and more for one over 16384 bytes."""
    entries = [
        line[at : at + log_lines.ENTRY_BYTES] for line in lines for at in range(0, len(line), log_lines.ENTRY_BYTES)
    ]
    return b"".join(T1.encode() + b" " + entry if is_terminal else frame(entry) for entry in entries)


def printed(lines: Iterable[log_lines.Line]) -> bytes:
    return b"".join(line.text + (b"\n" if line.complete else b"") for line in lines)


def test_a_line_has_its_time_and_its_text() -> None:
    assert parsed(frame(b"hello world\n"), frame(b"\n", T2)) == [
        log_lines.Line(T1, b"hello world"),
        log_lines.Line(T2, b""),
    ]


def test_a_line_over_16_kb_is_joined_and_has_the_time_of_its_beginning() -> None:
    pieces = frame(b"x" * 16384), frame(b"y" * 16384, T2), frame(b"z\n", T3)
    assert parsed(*pieces) == [log_lines.Line(T1, b"x" * 16384 + b"y" * 16384 + b"z")]


def test_a_line_of_the_other_stream_in_between_does_not_break_a_joined_line() -> None:
    pieces = frame(b"x" * 16384), frame(b"oops\n", T2, stream=2), frame(b"y\n", T3)
    assert parsed(*pieces) == [log_lines.Line(T2, b"oops"), log_lines.Line(T1, b"x" * 16384 + b"y")]


def test_what_ends_without_a_newline_is_not_complete() -> None:
    assert parsed(frame(b"prompt> ")) == [log_lines.Line(T1, b"prompt> ", complete=False)]


def test_a_line_without_end_comes_in_pieces() -> None:
    count = log_lines.LONGEST_LINE_BYTES // log_lines.ENTRY_BYTES + 1
    lines = parsed(*[frame(b"x" * log_lines.ENTRY_BYTES)] * count, frame(b"y\n", T2))
    assert lines == [
        log_lines.Line(T1, b"x" * log_lines.ENTRY_BYTES * count, complete=False),
        log_lines.Line(T2, b"y"),
    ]


def test_a_terminals_log_has_no_frames() -> None:
    data = f"{T1} one\r\n{T2} two\r\n{T3} $ ".encode()
    assert parsed(data) == [
        log_lines.Line(T1, b"one\r"),
        log_lines.Line(T2, b"two\r"),
        log_lines.Line(T3, b"$ ", complete=False),
    ]


def test_a_terminals_long_line_loses_the_timestamps_within() -> None:
    data = f"{T1} {'x' * 16384}{T2} {'y' * 16384}{T3} z\n".encode()
    assert parsed(data) == [log_lines.Line(T1, b"x" * 16384 + b"y" * 16384 + b"z")]


def test_a_terminals_line_cut_within_a_character_is_joined_all_the_same() -> None:
    # The engine replaces each half by U+FFFD, so that the entry has 16386 bytes.
    data = f"{T1} {'x' * 16383}\ufffd{T2} \ufffdend\n".encode()
    assert parsed(data) == [log_lines.Line(T1, ("x" * 16383 + "\ufffd\ufffdend").encode())]


def test_a_timestamp_that_the_container_printed_stays() -> None:
    text = f"{T2} printed by the program itself".encode()
    assert parsed(T1.encode() + b" " + text + b"\n") == [log_lines.Line(T1, text)]


def test_what_was_read_before_is_passed_over() -> None:
    parser = log_lines.Parser()
    first = parser.feed(frame(b"a\n") + frame(b"b\n", T2) + frame(b"c", T3))
    parser.skip_to_mark()
    second = parser.feed(frame(b"a\n") + frame(b"b\n", T2) + frame(b"c", T3) + frame(b"d\n", T3) + frame(b"e\n", T3))
    assert [line.text for line in first + second] == [b"a", b"b", b"cd", b"e"]


LINE = st.lists(st.sampled_from([b"\r", b" ", b"\0", b"1", b"2", b"x" * 5000, b"\xff"]), max_size=8).map(b"".join)


@pytest.mark.parametrize("is_terminal", [False, True])
@settings(max_examples=50, deadline=None)
@given(
    lines=st.lists(LINE.map(lambda text: text + b"\n"), max_size=8),
    cuts=st.lists(st.integers(min_value=1, max_value=50000), max_size=8),
)
def test_lines_do_not_depend_on_how_the_stream_is_cut(is_terminal: bool, lines: list[bytes], cuts: list[int]) -> None:
    data = logged(lines, is_terminal)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[start:stop] for start, stop in itertools.pairwise(edges) if start < stop]
    assert printed(parsed(*pieces)) == b"".join(lines)
