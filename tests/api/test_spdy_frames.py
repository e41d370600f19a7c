"""SPDY/3.1 frames: what goes in comes out, in whatever pieces; and what is refused."""

import struct
import zlib

import pytest
from hypothesis import given, settings, strategies as st

from podrunner.api import spdy, spdy_dictionary

# What kubectl 1.20 and 1.37 send alike for `kubectl exec kubia -- exit 3`, in hexadecimal.
KUBECTL_OPENS = (
    "80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff"
    "800300010000001900000003000000000000c22ac5565c92925f5a02000000ffff"
    "800300010000001500000005000000000000c229975a5404000000ffff"
)
KUBECTL_LEAVES = "8003000300000008000000010000000580030007000000080000000000000000"

IDS = st.integers(1, 0x7FFFFFFF)
NUMBERS = st.integers(0, 0xFFFFFFFF)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(str.lower)
VALUES = st.text(st.characters(max_codepoint=255), max_size=40)
HEADERS = st.dictionaries(NAMES, VALUES, max_size=4)
FRAMES = st.one_of(
    st.builds(spdy.SynStream, IDS, HEADERS, st.booleans(), st.booleans()),
    st.builds(spdy.SynReply, IDS, HEADERS, st.booleans()),
    st.builds(spdy.RstStream, IDS, NUMBERS),
    st.builds(spdy.Settings, st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3).map(tuple)),
    st.builds(spdy.Ping, NUMBERS),
    st.builds(spdy.GoAway, IDS, NUMBERS),
    st.builds(spdy.Headers, IDS, HEADERS, st.booleans()),
    st.builds(spdy.WindowUpdate, IDS, NUMBERS),
    st.builds(spdy.Data, IDS, st.binary(max_size=60), st.booleans()),
)


@settings(max_examples=60, deadline=None)
@given(frames=st.lists(FRAMES, max_size=8), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_frames_survive_the_wire_in_whatever_pieces_it_brings_them(frames: list[spdy.Frame], sizes: list[int]) -> None:
    encoder, decoder = spdy.Encoder(), spdy.Decoder()
    wire = b"".join(map(encoder.encode, frames))
    read: list[spdy.Frame] = []
    while wire:
        piece, wire = wire[: sizes[0]], wire[sizes[0] :]
        sizes = sizes[1:] + sizes[:1]
        read += decoder.feed(piece)
    assert joined(read) == joined(frames)


def joined(frames: list[spdy.Frame]) -> list[spdy.Frame]:
    """The frames, those of DATA that follow each other on a stream as one."""
    result: list[spdy.Frame] = []
    for frame in frames:
        last = result[-1] if result else None
        if isinstance(frame, spdy.Data) and isinstance(last, spdy.Data) and not last.fin and last[0] == frame[0]:
            result[-1] = spdy.Data(frame.stream, last.data + frame.data, frame.fin)
        else:
            result.append(frame)
    return result


def test_the_dictionary_is_the_specification_s() -> None:
    assert len(spdy_dictionary.DICTIONARY) == 1423
    assert zlib.adler32(spdy_dictionary.DICTIONARY) == 0xE3C6A7C2


def test_what_kubectl_sends_is_understood() -> None:
    decoder = spdy.Decoder()
    assert decoder.feed(bytes.fromhex(KUBECTL_OPENS)) == [
        spdy.SynStream(1, {"streamtype": "error"}),
        spdy.SynStream(3, {"streamtype": "stdout"}),
        spdy.SynStream(5, {"streamtype": "stderr"}),
    ]
    assert decoder.feed(bytes.fromhex(KUBECTL_LEAVES)) == [spdy.RstStream(1, spdy.Reset.CANCEL), spdy.GoAway(0)]


def test_a_data_frame_is_passed_on_as_it_arrives() -> None:
    decoder = spdy.Decoder()
    assert decoder.feed(struct.pack(">II", 5, 1 << 24 | 6) + b"abc") == [spdy.Data(5, b"abc")]
    assert decoder.feed(b"d") == [spdy.Data(5, b"d")]
    assert decoder.feed(b"ef" + struct.pack(">II", 7, 0)) == [spdy.Data(5, b"ef", fin=True), spdy.Data(7, b"")]


def test_frames_of_unknown_kinds_are_ignored() -> None:
    credential = struct.pack(">HHI", 0x8003, 10, 3) + b"abc"
    assert spdy.Decoder().feed(credential + spdy.Encoder().encode(spdy.Ping(1))) == [spdy.Ping(1)]


def syn_stream(block: bytes) -> bytes:
    """A SYN_STREAM of this header block."""
    deflater = zlib.compressobj(zdict=spdy_dictionary.DICTIONARY)
    body = struct.pack(">IIH", 1, 0, 0) + deflater.compress(block) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return struct.pack(">HHI", 0x8003, 1, len(body)) + body


def headers(*texts: bytes) -> bytes:
    return struct.pack(">I", len(texts) // 2) + b"".join(struct.pack(">I", len(text)) + text for text in texts)


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        (struct.pack(">HHI", 0x8002, 6, 4) + b"\0\0\0\1", "a frame of SPDY version 2"),
        (struct.pack(">HHI", 0x8003, 6, 0x010001), "a control frame of 65537 bytes"),
        (struct.pack(">HHI", 0x8003, 6, 3) + b"abc", "a frame of type 6 with 3 bytes"),
        (struct.pack(">HHII", 0x8003, 4, 4, 9), "a frame of type 4 with 4 bytes"),
        (struct.pack(">II", 0, 1) + b"a", "data of stream 0"),
        (struct.pack(">HHI", 0x8003, 1, 14) + bytes(14), "headers that can't be inflated: .*"),
        (syn_stream(headers(b"Port", b"80")), "a header of the name 'Port'"),
        (syn_stream(headers(b"port", b"80", b"port", b"81")), "a header of the name 'port'"),
        (syn_stream(headers(b"", b"80")), "a header of the name ''"),
        (syn_stream(headers(b"port", b"80")[:-1]), "headers that are cut off"),
        (syn_stream(headers(b"port", b"80") + b"!"), "bytes after the headers"),
        (syn_stream(struct.pack(">I", 101)), "101 headers"),
        (syn_stream(b"\0\0"), "a frame of type 1 with .* bytes"),
        (syn_stream(headers(b"port", b"8" * 100_000)), "headers of more than 65536 bytes"),
    ],
)
def test_what_is_no_spdy_is_refused(wire: bytes, complaint: str) -> None:
    with pytest.raises(spdy.Malformed, match=f"^{complaint}$"):
        spdy.Decoder().feed(wire)
