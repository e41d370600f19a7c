"""What a process wrote comes out as it went in, wherever the transport cuts it."""

import pytest

from podrunner.engine import frames

SENT = (
    b"\x01\x00\x00\x00\x00\x00\x00\x06first\n"
    b"\x02\x00\x00\x00\x00\x00\x00\x00"
    b"\x02\x00\x00\x00\x00\x00\x00\x05oops\n"
    b"\x01\x00\x00\x00\x00\x00\x00\x07second\n"
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 7, 8, 13, 14, 1000])
def test_the_streams_are_told_apart_wherever_the_frames_are_cut(size: int) -> None:
    parser = frames.Frames()
    chunks = [chunk for at in range(0, len(SENT), size) for chunk in parser.feed(SENT[at : at + size])]
    assert b"".join(data for stream, data in chunks if stream == frames.STDOUT) == b"first\nsecond\n"
    assert b"".join(data for stream, data in chunks if stream == frames.STDERR) == b"oops\n"
    assert all(data for _, data in chunks)


def test_what_has_come_of_a_frame_is_handed_on_at_once() -> None:
    assert frames.Frames().feed(SENT[:10]) == [(frames.STDOUT, b"fi")]


def test_a_terminals_bytes_are_all_output() -> None:
    assert frames.Terminal().feed(SENT[:10]) == [(frames.STDOUT, SENT[:10])]
