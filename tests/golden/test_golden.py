"""podrunner shows of a pod what a kubelet had shown: kubectl's rows, the events, the status. See cases/README.md."""

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

import golden_progress as progress
import golden_recordings as recordings
from golden_progress import Shown

pytestmark = pytest.mark.engine

PULLED = "Successfully pulled image"


def _marks(case: str) -> list[pytest.MarkDecorator]:
    """A case whose pod needs what has no effect yet counts from the day on that it has.

    Until then it is not run: some would pass without the field, and one fills the memory that it wants limited.
    """
    missing = recordings.load(case).without_effect()
    reason = f"without effect yet: {', '.join(missing)}"
    return [pytest.mark.xfail(reason=reason, run=False, strict=True)] if missing else []


@pytest.mark.parametrize("case", [pytest.param(name, marks=_marks(name)) for name in recordings.names()])
def test_a_pod_shows_what_the_kubelet_had_shown(case: str, replays: Mapping[str, Future[Shown]]) -> None:
    shown = replays[case].result()
    if any(event.message.startswith(PULLED) for event in shown.events):
        pytest.skip("the recording is of a machine that does not reach Docker's registry")
    found = progress.complaints(recordings.load(case), shown)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
