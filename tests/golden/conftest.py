"""What all replays share: one podrunner, the image they need besides, and a few at a time beside each other."""

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

import commandline
import docker_registry
import golden_recordings as recordings
import kubectl_session
from golden_progress import Shown
from golden_replay import Replay
from kubectl_session import KubectlWorld

AT_A_TIME = 8
BACKOFF_SCALE = 0.2
OTHER_IMAGE = "busybox:1.29"
OTHER_DOCKERFILE = f'FROM {commandline.IMAGE}\nLABEL description="an image of another id"\n'


@pytest.fixture(scope="session")
def other_image() -> Iterator[None]:
    """The second image of the recordings: made, and removed again, where there is none."""
    listed = commandline.docker("images", "--quiet", OTHER_IMAGE)
    if not listed:
        command = ["docker", "build", "--quiet", "--tag", OTHER_IMAGE, "-"]
        subprocess.run(command, input=OTHER_DOCKERFILE, text=True, check=True, capture_output=True)
    yield
    if not listed:
        docker_registry.forget(OTHER_IMAGE)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubectlWorld]:
    """A podrunner that waits for a part of Kubernetes' back-off only."""
    directory = tmp_path_factory.mktemp("golden")
    with kubectl_session.opened(directory, f"--backoff-scale={BACKOFF_SCALE}") as world:
        yield world


@pytest.fixture(scope="session")
def replays(
    request: pytest.FixtureRequest, world: KubectlWorld, other_image: None
) -> Iterator[Mapping[str, Future[Shown]]]:
    """The replays of all cases that are tested, under way; those that take longest begin first."""
    chosen = {case for item in request.session.items for case in _case(item)}
    cases = sorted(map(recordings.load, chosen), key=lambda case: case.deleted_at, reverse=True)
    pool = ThreadPoolExecutor(AT_A_TIME)
    try:
        yield {case.name: pool.submit(Replay(world, case).run) for case in cases}
    finally:
        pool.shutdown(cancel_futures=True)


def _case(item: pytest.Item) -> Iterator[str]:
    """The name of the case that the test is about, if it is about one and going to run."""
    if isinstance(item, pytest.Function) and "replays" in item.fixturenames and not item.get_closest_marker("xfail"):
        yield str(item.callspec.params["case"])
