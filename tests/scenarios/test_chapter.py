"""The chapter's pod, kubia-init: what its listings show is what podrunner shows. Run once for all tests here."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import offline_network
import scenario_world
from commandline import Running

pytestmark = pytest.mark.engine

MANIFEST = Path(__file__).parent.parent.parent / "examples/kubia-init.yaml"


@pytest.fixture(scope="module")
def chapter(
    tmp_path_factory: pytest.TempPathFactory, offline: offline_network.OfflineNetwork
) -> Iterator[tuple[scenario_world.World, Running]]:
    """A `podrunner run` of the chapter's manifest, as soon as its pod is 2/2 Running."""
    with scenario_world.opened(tmp_path_factory.mktemp("chapter")) as world:
        running = world.start("run", str(MANIFEST), "--network", offline.name)
        running.until("2/2     Running")
        yield world, running


def test_the_status_goes_through_the_steps_of_listing_5_11(chapter: tuple[scenario_world.World, Running]) -> None:
    rows = [re.sub(r"\s+\S+$", "", line) for line in chapter[1].err.splitlines() if line.startswith(("NAME", "kubia"))]
    assert rows == [
        "NAME         READY   STATUS            RESTARTS",
        "kubia-init   0/2     Pending           0",
        "kubia-init   0/2     Init:0/2          0",
        "kubia-init   0/2     Init:1/2          0",
        "kubia-init   0/2     PodInitializing   0",
        "kubia-init   2/2     Running           0",
    ]


def test_the_events_are_those_of_listing_5_10(chapter: tuple[scenario_world.World, Running]) -> None:
    world, running = chapter
    node = world.engine.info()["Name"].lower()
    present = "already present on machine"
    events = [
        f"Normal Scheduled Successfully assigned default/kubia-init to {node}",
        f'Normal Pulled Container image "luksa/init-demo:1.0" {present}',
        "Normal Created Created container init-demo",
        "Normal Started Started container init-demo",
        f'Normal Pulled Container image "luksa/network-connectivity-checker:1.0" {present}',
        "Normal Created Created container network-check",
        "Normal Started Started container network-check",
        f'Normal Pulled Container image "luksa/kubia:1.0" {present}',
        "Normal Created Created container kubia",
        "Normal Started Started container kubia",
        f'Normal Pulled Container image "luksa/kubia-ssl-proxy:1.0" {present}',
        "Normal Created Created container envoy",
        "Normal Started Started container envoy",
    ]
    assert world.events("kubia-init") == events
    assert [" ".join(line.split()) for line in running.err.splitlines() if line.startswith("  ")] == events


def test_the_log_of_the_network_check_is_that_of_listing_5_12(chapter: tuple[scenario_world.World, Running]) -> None:
    world, running = chapter
    assert world.log("network-check", "kubia-init") == (
        "Checking network connectivity to 1.1.1.1 ...\nHost appears to be reachable\n"
    )
    assert running.out.startswith(
        "[init-demo] Initialization started, will take 5 seconds\n"
        "[init-demo] Initializing ... 1 of 5 seconds\n"
        "[init-demo] Initializing ... 2 of 5 seconds\n"
        "[init-demo] Initializing ... 3 of 5 seconds\n"
        "[init-demo] Initializing ... 4 of 5 seconds\n"
        "[init-demo] Initializing ... 5 of 5 seconds\n"
        "[init-demo] Initialization complete\n"
        "[network-check] Checking network connectivity to 1.1.1.1 ...\n"
        "[network-check] Host appears to be reachable\n"
    )


def test_kubia_answers_https_through_envoy(chapter: tuple[scenario_world.World, Running]) -> None:
    world, _ = chapter
    assert world.ask("kubia#0", "https://localhost:8443/") == (
        "Hey there, this is kubia-init. Your IP is ::ffff:127.0.0.1."
    )
