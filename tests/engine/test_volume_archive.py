"""How the files of a volume are laid out for the engine."""

import io
import tarfile
from datetime import UTC, datetime

from podrunner.engine import volume_archive
from podrunner.engine.volume_archive import Filling
from podrunner.pods.payload import File

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
DIRECTORY = "..2026_03_01_12_00_00.000005"


def listed(*fillings: Filling) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(volume_archive.build(list(fillings), MOMENT))) as archive:
        return [_line(entry) for entry in archive]


def _line(entry: tarfile.TarInfo) -> str:
    if entry.issym():
        return f"{entry.name} -> {entry.linkname}"
    return f"{'d' if entry.isdir() else '-'}{entry.mode:o} {entry.uid}:{entry.gid} {entry.name}"


def test_files_are_below_a_directory_of_their_own_and_seen_through_links() -> None:
    files = {"a/b/c": File(b"x", 0o400, 7), "a/d": File(b"y"), "sky": File(b"z")}
    assert listed(Filling(volume="v", files=files)) == [
        f"d755 0:0 v/{DIRECTORY}",
        f"d755 0:0 v/{DIRECTORY}/a",
        f"d755 0:0 v/{DIRECTORY}/a/b",
        f"-400 7:0 v/{DIRECTORY}/a/b/c",
        f"-644 0:0 v/{DIRECTORY}/a/d",
        f"-644 0:0 v/{DIRECTORY}/sky",
        f"v/..data -> {DIRECTORY}",
        "v/a -> ..data/a",
        "v/sky -> ..data/sky",
    ]


def test_a_content_that_is_to_replace_another_waits_beside_it() -> None:
    assert listed(Filling(volume="v", files={"sky": File(b"z")}, in_place=True)) == [
        f"d755 0:0 v/{DIRECTORY}",
        f"-644 0:0 v/{DIRECTORY}/sky",
        f"v/..data_tmp -> {DIRECTORY}",
    ]


def test_what_belongs_to_a_group_hands_it_down() -> None:
    files = {"sky": File(b"z", 0o440, None, 3000)}
    assert listed(Filling(volume="w", root_mode=0o2777, group=3000), Filling(volume="v", files=files, group=3000)) == [
        "d2777 0:3000 w",
        f"d2755 0:3000 v/{DIRECTORY}",
        f"-440 0:3000 v/{DIRECTORY}/sky",
        f"v/..data -> {DIRECTORY}",
        "v/sky -> ..data/sky",
    ]
