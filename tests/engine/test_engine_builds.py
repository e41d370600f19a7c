"""Building images: what of a directory the engine is sent, what the build says, and how it ends before its time."""

import contextlib
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import engine_world
from podrunner import errors
from podrunner.engine import builds, client, images, references

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


@pytest.fixture
async def engine() -> AsyncIterator[client.Client]:
    connected = await client.Client.connect(os.environ)
    yield connected
    await connected.close()


def write(directory: Path, **files: str) -> Path:
    for name, content in files.items():
        path = directory / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return directory


def test_a_context_has_the_directorys_files_but_those_its_dockerignore_names(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM busybox", app_py="", app_pyc="", secrets__key="", secrets__public="")
    write(tmp_path, _dockerignore="# what is made\n\n**/*.pyc\nsecrets\n!secrets/public\nDockerfile\n")
    with builds.context(tmp_path) as context, tarfile.open(fileobj=context) as files:
        assert {name for name in files.getnames() if not files.getmember(name).isdir()} == {
            ".dockerignore", "Dockerfile", "app.py", "secrets/public",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "files", "problem"),
    [
        ("kubia", {}, "has no Dockerfile, so no image kubia can be built from it"),
        ("Kubia", {"Dockerfile": "FROM busybox"}, "repository name must be lowercase"),
        (f"kubia@sha256:{'0' * 64}", {"Dockerfile": "FROM busybox"}, "only its content decides on its digest"),
    ],
)
def test_what_cannot_be_built_is_refused(tmp_path: Path, name: str, files: dict[str, str], problem: str) -> None:
    write(tmp_path, **files)
    with pytest.raises(errors.PodrunnerError, match=problem):
        builds.check(name, tmp_path)
    with pytest.raises(errors.UsageError, match="is no directory"):
        builds.check("kubia", tmp_path / "nowhere")


async def test_a_build_tells_what_it_writes_and_names_the_image(
    engine: client.Client, tmp_path: Path, instance: str
) -> None:
    wanted = references.parse(f"podrunner-test/{instance}:1")
    write(tmp_path, Dockerfile=f"FROM {engine_world.BUSYBOX}\nCOPY greeting /\nRUN cat /greeting\n", greeting="hello\n")
    told = "".join([str(step) async for step in builds.build(engine, wanted, tmp_path)])
    assert "Step 2/3 : COPY greeting /\n" in told
    assert "\nhello\n" in told
    built = await images.inspect(engine, f"podrunner-test/{instance}:1")
    assert built
    await engine.call(engine.api.remove_image, built.id, force=True)
    write(tmp_path, Dockerfile=f"FROM {engine_world.BUSYBOX}\nRUN exit 7\n")
    with pytest.raises(errors.EngineRefused, match=r"'/bin/sh -c exit 7' returned a non-zero code: 7$"):
        async for _ in builds.build(engine, wanted, tmp_path):
            pass


async def test_a_build_that_nobody_waits_for_ends(engine: client.Client, tmp_path: Path, instance: str) -> None:
    wanted = references.parse(f"podrunner-test/{instance}:2")
    write(tmp_path, Dockerfile=f"FROM {engine_world.BUSYBOX}\nRUN echo {instance}; sleep 600\n")
    async with contextlib.aclosing(builds.build(engine, wanted, tmp_path)) as steps:
        async for step in steps:
            if step == f"{instance}\n":
                break

    async def is_over() -> bool:
        return all(instance not in each["Command"] for each in await engine.call(engine.api.containers, all=True))

    await engine_world.eventually(is_over)
    assert await images.inspect(engine, f"podrunner-test/{instance}:2") is None
