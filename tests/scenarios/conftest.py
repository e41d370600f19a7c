"""What scenarios share."""

import subprocess
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


@pytest.fixture(scope="session")
def docker_compose_command() -> str:
    """The plugin or, where there is none, Debian's docker-compose (scripts/compose)."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return "docker compose" if plugin.returncode == 0 else "docker-compose"


@pytest.fixture(scope="session")
def docker_setup() -> str:
    return "up --detach"  # what both forms understand


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    return str(Path(__file__).parent.parent / "outside" / "docker-compose.yml")


@pytest.fixture(scope="session")
def outside(docker_services: object, docker_compose_project_name: str) -> str:
    """The engine network with the systems outside of podrunner (tests/outside), by their names."""
    return f"{docker_compose_project_name}_default"
