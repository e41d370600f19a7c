"""One server for most tests of the command, a fresh one for those that kill it or look at how it starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import commandline


@pytest.fixture(scope="session")
def shared_podrunner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[commandline.Podrunner]:
    with commandline.podrunner(tmp_path_factory.mktemp("podrunner")) as command:
        yield command


@pytest.fixture
def podrunner(shared_podrunner: commandline.Podrunner) -> Iterator[commandline.Podrunner]:
    """The command; a test may leave nothing on the engine."""
    yield shared_podrunner
    commandline.eventually(lambda: not shared_podrunner.left_on_engine(), within=5)


@pytest.fixture
def fresh_podrunner(tmp_path: Path) -> Iterator[commandline.Podrunner]:
    """The command without a running server."""
    with commandline.podrunner(tmp_path) as command:
        yield command
