"""podrunner shows of a pod what a kubelet had shown: kubectl's rows, the events, the status. See cases/README.md."""

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

import golden_progress as progress
import golden_recordings as recordings
from golden_progress import Shown

pytestmark = pytest.mark.engine

PULLED = "Successfully pulled image"


@pytest.mark.parametrize("case", recordings.names())
def test_a_pod_shows_what_the_kubelet_had_shown(case: str, replays: Mapping[str, Future[Shown]]) -> None:
    shown = replays[case].result()
    if any(event.message.startswith(PULLED) for event in shown.events):
        pytest.skip("the recording is of a machine that does not reach Docker's registry")
    found = progress.complaints(recordings.load(case), shown)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
