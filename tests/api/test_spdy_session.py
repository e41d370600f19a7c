"""The server's side of SPDY: which streams there are, which way each is open, and what is answered."""

import pytest

from podrunner.api import spdy, spdy_session
from podrunner.api.spdy_session import Broken, Ended, GoneAway, Opened, Received


class Client:
    """Speaks to a session in frames."""

    def __init__(self) -> None:
        self.session = spdy_session.Session()
        self._encoder, self._decoder = spdy.Encoder(), spdy.Decoder()

    def says(self, *frames: spdy.Frame) -> list[spdy_session.Event]:
        return self.session.receive(b"".join(map(self._encoder.encode, frames)))

    def hears(self) -> list[spdy.Frame]:
        return self._decoder.feed(self.session.outgoing())


def opened(stream: int = 1) -> Client:
    """A client with an accepted stream."""
    client = Client()
    client.says(spdy.SynStream(stream, {}))
    client.session.accept(stream)
    client.hears()
    return client


def test_a_stream_is_opened_accepted_and_used_both_ways() -> None:
    client = Client()
    assert client.says(spdy.SynStream(1, {"streamtype": "stdin"})) == [Opened(1, {"streamtype": "stdin"})]
    client.session.accept(1)
    client.session.send(1, b"out")
    assert client.hears() == [spdy.SynReply(1, {}), spdy.Data(1, b"out")]
    assert client.says(spdy.Data(1, b"in")) == [Received(1, b"in")]


def test_each_side_ends_for_itself() -> None:
    client = opened()
    assert client.says(spdy.Data(1, b"last", fin=True)) == [Received(1, b"last"), Ended(1)]
    client.session.send(1, b"still")
    client.session.end(1)
    assert client.hears() == [spdy.Data(1, b"still"), spdy.Data(1, b"", fin=True)]
    assert client.says(spdy.Data(1, b"too late")) == []
    assert client.hears() == []


def test_the_client_may_go_on_after_we_have_ended() -> None:
    client = opened()
    client.session.end(1)
    client.session.send(1, b"too late")
    client.session.end(1)
    assert client.hears() == [spdy.Data(1, b"", fin=True)]
    assert client.says(spdy.Data(1, b"more")) == [Received(1, b"more")]


def test_a_stream_can_be_opened_and_ended_at_once() -> None:
    client = Client()
    assert client.says(spdy.SynStream(1, {}, fin=True)) == [Opened(1, {}), Ended(1)]
    assert client.session.is_open(1)


def test_headers_can_end_a_stream() -> None:
    assert opened().says(spdy.Headers(1, {"a": "b"}), spdy.Headers(1, {}, fin=True)) == [Ended(1)]


def test_a_stream_the_client_breaks_off_is_gone() -> None:
    client = opened()
    assert client.says(spdy.RstStream(1, spdy.Reset.CANCEL), spdy.RstStream(1, spdy.Reset.CANCEL)) == [Broken(1)]
    client.session.send(1, b"too late")
    assert client.hears() == []


def test_what_was_on_its_way_to_a_stream_we_broke_off_is_ignored() -> None:
    client = opened()
    client.session.reset(1)
    client.session.reset(1)
    assert client.says(spdy.Data(1, b"was sent before")) == []
    assert client.hears() == [spdy.RstStream(1, 5)]


def test_data_after_the_end_breaks_the_stream_off() -> None:
    client = opened()
    client.says(spdy.Data(1, b"", fin=True))
    assert client.says(spdy.Data(1, b"more")) == [Broken(1)]
    assert client.hears() == [spdy.RstStream(1, 9)]


@pytest.mark.parametrize("stream", [2, 3, 1])
def test_stream_ids_are_odd_and_rise(stream: int) -> None:
    client = opened(3)
    assert client.says(spdy.SynStream(stream, {})) == [Broken(stream)]
    assert client.hears() == [spdy.RstStream(stream, 1)]


def test_too_many_streams_are_refused_until_some_are_gone() -> None:
    client = Client()
    for number in range(spdy_session.MOST_STREAMS):
        client.says(spdy.SynStream(2 * number + 1, {}))
    assert client.says(spdy.SynStream(2001, {})) == []
    assert client.hears() == [spdy.RstStream(2001, 3)]
    client.says(spdy.RstStream(1, 5))
    assert client.says(spdy.SynStream(2003, {})) == [Opened(2003, {})]


def test_the_client_s_pings_come_back() -> None:
    client = opened()
    assert client.says(spdy.Ping(1), spdy.Ping(2), spdy.Ping(3)) == []
    assert client.hears() == [spdy.Ping(1), spdy.Ping(3)]


def test_settings_windows_and_replies_are_of_no_interest() -> None:
    frames = (spdy.Settings(((4, 100),)), spdy.WindowUpdate(1, 5), spdy.SynReply(1, {}), spdy.Headers(1, {}))
    client = opened()
    assert client.says(*frames) == []
    assert client.hears() == []


def test_a_client_that_goes_away_is_told() -> None:
    assert opened().says(spdy.GoAway(0)) == [GoneAway()]


def test_much_data_is_sent_in_several_frames() -> None:
    client = opened()
    client.session.send(1, bytes(spdy.LONGEST_DATA + 1))
    assert sum(len(frame.data) for frame in client.hears() if isinstance(frame, spdy.Data)) == spdy.LONGEST_DATA + 1
