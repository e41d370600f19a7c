"""The content of volumes, written through the sandbox: so it works on an engine elsewhere, too."""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from podrunner import errors
from podrunner.engine import client as engine, labels, scripts, volume_archive
from podrunner.pods import envfile, volumes
from podrunner.pods.payload import Payload

# The new content takes the old one's place in one step; then links of names that are gone are removed, and the old one.
_SWAP = """
cd "$1"; shift
old=$(readlink ..data || true)
mv -T ..data_tmp ..data
for name in "$@"; do [ -L "$name" ] || ln -s "..data/$name" "$name"; done
for link in * .[!.]*; do if [ -L "$link" ] && [ ! -e "$link" ]; then rm "$link"; fi; done
[ -z "$old" ] || [ "$old" = "$(readlink ..data)" ] || rm -rf "$old"
"""

# Everything in the volume becomes the group's, as far as it is not yet (kubelet: SetVolumeOwnership).
_OWN = """
root=$1 group=$2 policy=$3
if [ "$policy" = OnRootMismatch ] && [ "$(stat -c %g "$root")" = "$group" ] \
    && [ -n "$(find "$root" -maxdepth 0 -perm -2770)" ]; then exit; fi
chgrp -Rh "$group" "$root"
find "$root" -type d -exec chmod g+rwxs {} +
find "$root" -type f -exec chmod ug+rw {} +
"""

# Goes down the path step by step: a symbolic link may lead anywhere below the volume's own directory, and not beyond.
# What is missing is made, as accessible as that directory is.
_RESOLVE = """
root=$1 rest=$2 mode=$(stat -c %a "$1") here=$1
while [ -n "$rest" ]; do
    step=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    case $step in ''|.) continue ;; ..) exit 3 ;; esac
    here=$here/$step
    if [ -L "$here" ]; then here=$(readlink -f "$here") || exit 3; fi
    case $here in "$root"|"$root"/*) ;; *) exit 3 ;; esac
    [ -e "$here" ] || { mkdir "$here"; chmod "$mode" "$here"; }
done
printf %s "${here#"$root"}"
"""
_LEADS_OUT = 3

_READ = """
file=$(readlink -f "$1/$2") || exit 3
case $file in "$1"/*) ;; *) exit 3 ;; esac
[ -f "$file" ] || exit 3
head -c "$3" "$file"
"""


async def write(
    client: engine.Client, sandbox_id: str, fillings: list[volume_archive.Filling], moment: datetime
) -> None:
    """Writes what the volumes get; one call for all of them. Raises EngineError."""
    archive = volume_archive.build(fillings, moment)
    await client.call(client.api.put_archive, sandbox_id, volumes.ROOT, archive)


async def swap(client: engine.Client, sandbox_id: str, volume: str, files: Payload) -> None:
    """Puts a content that was written `in_place` where the former one is. Raises EngineError."""
    names = volume_archive.visible_names(files)
    await scripts.run(client, sandbox_id, _SWAP, volumes.place(volume), *names)


async def give_to_group(client: engine.Client, sandbox_id: str, volume: str, group: int, policy: str) -> None:
    """Makes all that is in the volume the group's; by the policy "OnRootMismatch" only if the root is not.

    Raises EngineError.
    """
    await scripts.run(client, sandbox_id, _OWN, volumes.place(volume), str(group), policy)


async def resolve(client: engine.Client, sandbox_id: str, volume: str, path: str) -> str | None:
    """Where `path` leads in the volume, without symbolic links and made if it was missing; None if it leads out of it.

    Raises EngineError.
    """
    done = await scripts.run(client, sandbox_id, _RESOLVE, volumes.place(volume), path, may_fail=True)
    if done.exit_code == _LEADS_OUT:
        return None
    if done.exit_code:
        raise errors.EngineRefused(done.output.strip() or f"{path} can't be made")
    return done.output.lstrip("/")


async def read(client: engine.Client, sandbox_id: str, volume: str, path: str) -> str | None:
    """The text of a file in the volume; None if there is none. Raises EngineError."""
    longest = str(envfile.LONGEST)
    done = await scripts.run(client, sandbox_id, _READ, volumes.place(volume), path, longest, may_fail=True)
    return None if done.exit_code else done.output


async def bytes_in(client: engine.Client, sandbox_id: str, volume: str) -> int:
    """How much the files in the volume take on the disk. Raises EngineError."""
    done = await scripts.run(client, sandbox_id, 'du -sk "$1"', volumes.place(volume))
    return int(done.output.split()[0]) * 1024


async def remove_of_pod(client: engine.Client, instance: str, uid: str) -> None:
    """Removes the volumes that came with the pod. Raises EngineError."""
    await _remove(client, await _names(client, f"{labels.INSTANCE}={instance}", f"{labels.POD_UID}={uid}"))


async def owners(client: engine.Client, instance: str) -> set[str]:
    """The uids of the pods that have volumes of their own on the engine. Raises EngineError."""
    listed = await _list(client, f"{labels.INSTANCE}={instance}", labels.POD_UID)
    return {volume["Labels"][labels.POD_UID] for volume in listed}


async def create_claimed(client: engine.Client, name: str, instance: str, claim: str, image: str) -> None:
    """Makes the volume of a claim ("namespace/name") unless it is there, for everyone to write in; `image` is any.

    Raises EngineError.
    """
    await client.call(client.api.create_volume, name, labels={labels.INSTANCE: instance, labels.CLAIM: claim})
    mount = {"Type": "volume", "Source": name, "Target": volumes.place(name), "VolumeOptions": {"NoCopy": True}}
    body: dict[str, Any] = {
        "Image": image,
        "Labels": {labels.INSTANCE: instance},
        "HostConfig": {"Mounts": [mount], "NetworkMode": "none"},
    }
    # It is never started: the engine has what it mounts while its directory gets its mode.
    helper = str((await client.call(client.api.create_container_from_config, body))["Id"])
    try:
        await write(client, helper, [volume_archive.Filling(volume=name, root_mode=0o777)], datetime.now(UTC))
    finally:
        await client.call(client.api.remove_container, helper, force=True)


async def remove_claimed(client: engine.Client, name: str) -> None:
    """Removes the volume of a claim; gone is no error. Raises EngineError."""
    await _remove(client, [name])


async def _names(client: engine.Client, *wanted: str) -> list[str]:
    return [str(volume["Name"]) for volume in await _list(client, *wanted)]


async def _list(client: engine.Client, *wanted: str) -> Sequence[dict[str, Any]]:
    answer: dict[str, Any] = await client.call(client.api.volumes, filters={"label": list(wanted)})
    return answer["Volumes"] or ()


async def _remove(client: engine.Client, names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(errors.EngineNotFound):
            await client.call(client.api.remove_volume, name)
