"""What scenarios share."""

from collections.abc import Iterator

import pytest

import offline_network


@pytest.fixture(scope="session")
def offline() -> Iterator[offline_network.OfflineNetwork]:
    """An internal engine network on which 1.1.1.1 answers; see scripts/offline_network.py."""
    with offline_network.joined() as network:
        if network.gateway != "1.1.1.1":
            pytest.skip("a nameserver of this machine is next to 1.1.1.1")
        yield network
