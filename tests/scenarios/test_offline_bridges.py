"""The offline network answers on a machine where an engine that is gone left its bridges."""

import os
from collections.abc import Iterator

import pytest

import commandline
import offline_network

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.getuid() != 0, reason="only root may take an address from an interface"),
]

LEFT_BEHIND = "br-0123456789ab"


def on_the_host(*command: str) -> None:
    """Runs a command of busybox in the host's network namespace."""
    commandline.docker("run", "--rm", "--cap-add=NET_ADMIN", "--network=host", "busybox:1.36", *command)


@pytest.fixture
def bridge_left_behind(offline: offline_network.OfflineNetwork) -> Iterator[str]:
    """A bridge with the offline network's address, as the network of a killed engine leaves it."""
    on_the_host("ip", "link", "add", LEFT_BEHIND, "type", "bridge")
    try:
        on_the_host("ip", "address", "add", f"{offline.gateway}/24", "dev", LEFT_BEHIND)
        on_the_host("ip", "link", "set", LEFT_BEHIND, "up")
        yield LEFT_BEHIND
    finally:
        on_the_host("ip", "link", "delete", LEFT_BEHIND)


def test_a_bridge_that_an_engine_left_behind_loses_the_address(bridge_left_behind: str) -> None:
    with offline_network.joined() as network:
        assert offline_network.address_of(bridge_left_behind) is None
        commandline.docker(
            "run", "--rm", f"--network={network.name}", "busybox:1.36", "ping", "-c1", "-w5", network.gateway
        )
