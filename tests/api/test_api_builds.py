"""Builds of images through the API: their progress, their end, and that they end with the connection."""

from contextlib import closing

import pytest

from api_world import Lines, World
from commandline import eventually
from podrunner import errors

BUILDS = "/apis/podrunner.dev/v1/builds"
ASKED = {"reference": "kubia:1.0", "directory": "/src"}


def building(world: World) -> Lines:
    return Lines(world.open("POST", BUILDS, ASKED))


def test_a_build_tells_what_it_writes_and_pulls_and_that_it_is_done(world: World) -> None:
    world.do(world.node.building.set)
    with building(world) as lines:
        assert lines.next() == {"type": "OUTPUT", "text": "Step 1/1 : FROM kubia:1.0\n"}
        pull = lines.next()
        assert (pull["type"], pull["layer"], pull["current"]) == ("PULL", "5f70bf18a086", 10)
        assert lines.next() == {"type": "BUILT"}


def test_a_build_that_fails_says_why(world: World) -> None:
    world.node.failure = errors.EngineRefused("the command returned a non-zero code: 3")
    with building(world) as lines:
        assert [lines.next()["type"] for _ in range(2)] == ["OUTPUT", "PULL"]
        assert lines.next() == {"type": "FAILED", "text": "the command returned a non-zero code: 3"}


def test_a_build_ends_with_the_connection(world: World) -> None:
    with building(world) as lines:
        lines.next()
        assert world.do(lambda: world.node.builds) == 1
    eventually(lambda: world.do(lambda: world.node.builds == 0))


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"reference": "kubia"}, "directory"),
        ({**ASKED, "tag": "1"}, "tag"),
        ({**ASKED, "directory": "src"}, "src is no absolute path"),
        ({**ASKED, "directory": "/nowhere"}, "/nowhere is no directory"),
    ],
)
def test_what_makes_no_sense_is_a_bad_request(world: World, asked: dict[str, str], problem: str) -> None:
    with closing(world.open("POST", BUILDS, asked)) as answer:
        assert answer.status == 400
        assert problem in answer.read().decode()
