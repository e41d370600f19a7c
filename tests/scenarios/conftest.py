"""What scenarios share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import commandline
import offline_network
import scenario_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[scenario_world.World]:
    """A podrunner of the test's own, without a running server."""
    with scenario_world.opened(tmp_path) as world:
        yield world


@pytest.fixture(scope="session")
def offline() -> Iterator[offline_network.OfflineNetwork]:
    """An internal engine network on which 1.1.1.1 answers; see scripts/offline_network.py."""
    with offline_network.joined() as network:
        if network.gateway != "1.1.1.1":
            pytest.skip("a nameserver of this machine is next to 1.1.1.1")
        # Whoever else uses the network removes it when they are done, unless somebody is on it.
        (keeper,) = commandline.docker("run", "--detach", f"--network={network.name}", "podrunner/pause:1.4")
        try:
            yield network
        finally:
            commandline.docker("rm", "--force", keeper)
