"""Builds the images under images/ that are missing on the engine or whose sources have changed.

Each Dockerfile names its official base as the default of `ARG BASE`. Where an image registry answers, that is what the
image is built on; where none does, a base of `bases` takes its place. PODRUNNER_IMAGE_BASES=registry or =packages
leaves no choice. Goes through the `docker` command, so that contexts and credentials work as the user set them.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import bases

IMAGES = pathlib.Path(__file__).parent.parent / "images"
TAGS = {
    "pause": "podrunner/pause:1.4",
    "services-dns": "podrunner/services-dns:1.0",
    "services-proxy": "podrunner/services-proxy:1.0",
    "init-demo": "luksa/init-demo:1.0",
    "network-connectivity-checker": "luksa/network-connectivity-checker:1.0",
    "kubia": "luksa/kubia:1.0",
    "kubia-ssl-proxy": "luksa/kubia-ssl-proxy:1.0",
}
SOURCE_LABEL = "podrunner.dev/source"
# A registry out of reach is refused at once or, behind a firewall that drops packets, after the engine's own 15 s.
REGISTRY_TIMEOUT = 20.0


def main() -> int:
    """Returns the exit status: 0 when every image is there, 1 when one can't be built, 2 for wrong usage."""
    policy = os.environ.get("PODRUNNER_IMAGE_BASES", "auto")
    if policy not in ("auto", "registry", "packages"):
        print(f"PODRUNNER_IMAGE_BASES={policy}: must be auto, registry or packages", file=sys.stderr)
        return 2
    try:
        ensure_busybox(policy)
        for folder, tag in TAGS.items():
            ensure(IMAGES / folder, tag, policy)
        # What the tags named before, if nothing else names or uses it.
        bases.docker("image", "prune", "--force", f"--filter=label={SOURCE_LABEL}")
    except bases.CannotBuildError as error:
        print(f"cannot build the images: {error}", file=sys.stderr)
        return 1
    return 0


def ensure_busybox(policy: str) -> None:
    """The examples and tests use busybox itself; a stand-in takes the name only where nothing else has it."""
    base = bases.BUSYBOX
    labels = labels_of(base.official)
    if labels is None or labels.get(bases.LABEL, base.reference) != base.reference:
        reference = obtain(base, policy)
        if reference != base.official:
            bases.docker("tag", reference, base.official)


def ensure(folder: pathlib.Path, tag: str, policy: str) -> None:
    """Leaves an image made from what `folder` holds now under `tag`, on a base that `policy` allows."""
    base = base_of(folder)
    source = digest(folder)
    accepted = {"auto": (base.official, base.reference), "registry": (base.official,), "packages": (base.reference,)}
    labels = labels_of(tag) or {}
    if labels.get(SOURCE_LABEL) == source and labels.get(bases.LABEL) in accepted[policy]:
        return
    started = time.monotonic()
    reference = obtain(base, policy)
    made_from = ["--label", f"{SOURCE_LABEL}={source}", "--label", f"{bases.LABEL}={reference}"]
    bases.docker("build", "--force-rm", "--tag", tag, "--build-arg", f"BASE={reference}", *made_from, str(folder))
    print(f"built {tag} on {reference} in {time.monotonic() - started:.1f} s", flush=True)


def obtain(base: bases.Base, policy: str) -> str:
    """The reference of an image on the engine to build on: the official one if `policy` and the registry let us."""
    if policy != "packages" and is_available(base.official):
        return base.official
    if policy == "registry":
        raise bases.CannotBuildError(f"{base.official} cannot be pulled")
    if labels_of(base.reference) is None:
        bases.build(base)
    return base.reference


def is_available(official: str) -> bool:
    """Whether the engine has the real image or could pull it now."""
    labels = labels_of(official)
    if labels is not None and bases.LABEL not in labels:
        return True
    return registry_answers() and subprocess.run(["docker", "pull", "--quiet", official], check=False).returncode == 0


@functools.cache
def registry_answers() -> bool:
    """Pulls the smallest base, so that a registry out of reach costs seconds and is asked once."""
    pull = ["docker", "pull", "--quiet", bases.BUSYBOX.official]
    try:
        return subprocess.run(pull, check=False, capture_output=True, timeout=REGISTRY_TIMEOUT).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def labels_of(image: str) -> dict[str, str] | None:
    """The image's labels; None if the engine doesn't have it."""
    inspect = ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", image]
    result = subprocess.run(inspect, check=False, capture_output=True)
    return (json.loads(result.stdout) or {}) if result.returncode == 0 else None


def base_of(folder: pathlib.Path) -> bases.Base:
    """The base whose official image is the default in the folder's Dockerfile."""
    (official,) = re.findall(r"^ARG BASE=(\S+)$", (folder / "Dockerfile").read_text(), re.MULTILINE)
    return bases.BASES[official]


def digest(folder: pathlib.Path) -> str:
    """Changes with the name, mode or content of any file in `folder`."""
    content = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        executable = os.access(path, os.X_OK)
        content.update(f"{path.name}\0{executable}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return content.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
