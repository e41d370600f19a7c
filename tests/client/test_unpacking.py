"""What comes from a container lands where it was asked for, and nowhere else."""

import io
import tarfile
from pathlib import Path

import pytest

from podrunner import errors
from podrunner.client import copying


def file(name: str, content: bytes = b"new") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def directory(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return link(name, "", tarfile.DIRTYPE)


def unpack(local: Path, *members: tuple[tarfile.TarInfo, bytes]) -> list[str]:
    """Unpacks what was asked for as ./up; what was told."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w|") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    packed.seek(0)
    told: list[str] = []
    with tarfile.open(fileobj=packed, mode="r|") as archive:
        copying.unpack(archive, "./up", local, told.append)
    return told


def test_a_directory_s_content_lands_in_the_target(tmp_path: Path) -> None:
    assert unpack(tmp_path / "x" / "y", directory("./up"), file("./up/a"), file("./up/d/b")) == []
    assert (tmp_path / "x/y/a").read_bytes() == b"new"
    assert (tmp_path / "x/y/d/b").read_bytes() == b"new"


def test_a_file_gets_the_target_s_name_or_its_own_in_a_directory(tmp_path: Path) -> None:
    unpack(tmp_path / "named", file("./up"))
    unpack(tmp_path, file("./up"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["named", "up"]


def test_links_within_the_target_are_kept(tmp_path: Path) -> None:
    members = (directory("./up"), file("./up/a"), link("./up/soft", "a"), link("./up/hard", "./up/a", tarfile.LNKTYPE))
    assert unpack(tmp_path, *members) == []
    assert (tmp_path / "soft").readlink() == Path("a")
    assert (tmp_path / "hard").samefile(tmp_path / "a")


@pytest.mark.parametrize(
    "member",
    [
        file("./up/../outside"),
        file("./up/d/../../outside"),
        link("./up/out", "/etc/passwd"),
        link("./up/out", "../outside"),
        link("./up/pipe", "", tarfile.FIFOTYPE),
        link("./up/disk", "", tarfile.BLKTYPE),
    ],
    ids=str,
)
def test_what_is_or_leads_outside_is_left_out_and_told(tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]) -> None:
    target = tmp_path / "target"
    (told,) = unpack(target, directory("./up"), member, file("./up/last"))
    assert told.startswith("warning: skipping ")
    assert [each.name for each in target.iterdir() if each.is_file()] == ["last"]
    assert [each.name for each in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize(
    "member",
    [file("./other"), file("/etc/x"), file("./upper"), link("./up/l", "/etc/passwd", tarfile.LNKTYPE)],
    ids=str,
)
def test_what_was_not_asked_for_ends_it(tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]) -> None:
    with pytest.raises(errors.PodrunnerError, match="tar contents corrupted"):
        unpack(tmp_path, directory("./up"), member)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_through_a_link_that_is_here_already(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "d").symlink_to(tmp_path)
    (told,) = unpack(tmp_path / "target", directory("./up"), file("./up/d/a"))
    assert told.startswith("warning: skipping ")
    assert not (tmp_path / "a").exists()


def test_owners_and_privileges_are_not_taken_over(tmp_path: Path) -> None:
    member, content = file("./up")
    member.mode, member.uid = 0o6777, 12345
    unpack(tmp_path, (member, content))
    found = (tmp_path / "up").stat()
    assert (found.st_mode & 0o7777, found.st_uid) == (0o755, tmp_path.stat().st_uid)
