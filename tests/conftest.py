"""What tests on a real engine share: an instance id of their own, and the removal of everything that carries it."""

import gc
import os
import re
import signal
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from podrunner.engine import address, client, labels

_FAILED = pytest.StashKey[bool]()

# A shell without job control starts what is to run in the background with Ctrl-C ignored, and the commands under test
# would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What is collected stays to the end: the garbage collector, which took a fifth of the time, would find nothing.
gc.disable()


def pytest_collection_finish() -> None:
    """From now on there is garbage, but not in what was collected."""
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`-m "not engine"` leaves files alone of which every test needs an engine: importing them takes its time."""
    if config.option.markexpr != "not engine" or not collection_path.match("test_*.py"):
        return None
    return bool(_ALL_NEED_AN_ENGINE.search(collection_path.read_text())) or None


_ALL_NEED_AN_ENGINE = re.compile(r"^pytestmark = (\[[^\]]*)?pytest\.mark\.engine\b", re.MULTILINE)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What coroutine tests (marked `anyio`) run on."""
    return "asyncio"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture
def instance(request: pytest.FixtureRequest) -> Iterator[str]:
    """An instance id. Afterwards its containers and networks are gone; their logs are shown if the test failed."""
    # The first digits tell it from any other: podrunner's own network is named after them.
    name = f"{uuid4().hex[:12]}-test"
    yield name
    with closing(client.open_api(address.resolve(os.environ), client.OLDEST_TESTED_API)) as api:
        ours = {"label": f"{labels.INSTANCE}={name}"}
        containers = api.containers(all=True, filters=ours)
        if request.node.stash.get(_FAILED, False):
            request.node.add_report_section("teardown", "container logs", _printed(api, containers))
        for container in containers:
            api.remove_container(container["Id"], v=True, force=True)
        for network in api.networks(filters=ours):
            api.remove_network(network["Id"])


def _printed(api: docker.APIClient, containers: list[dict[str, str]]) -> str:
    texts = (
        f"{container['Names'][0]}, {container['Status']}:\n"
        f"{api.logs(container['Id'], tail=50).decode(errors='replace')}"
        for container in containers
    )
    return "\n".join(texts)
