"""Connections from inside a pod's network namespace, on any engine: through `nc` in the sandbox.

`nc` gives a command's input to the connection and ends that side when its input ends. It says nothing once it is
connected, so a refusal shows only when the tunnel is read.
"""

import contextlib
import re
from collections import deque
from collections.abc import Sequence

from podrunner import errors
from podrunner.engine import client as engine, exec, frames

# First its own process id, with which it can be ended. An address is tried where nothing listens at the one before it;
# `nc` reads no input before it is connected.
_SCRIPT = """
exec 3>&1
echo $$ >&2
for address; do
    said=$(exec nc $address "$0" 2>&1 >&3 3>&-) && exit
    case $said in *"can't connect"*) ;; *) exit ;; esac
    refused="$refused$address $said\n"
done
printf %b "$refused" >&2
"""
# The order of containerd's port-forward too.
LOCALHOST = ("127.0.0.1", "::1")

_REFUSED = re.compile(r"^(\S+) .*can't connect[^:]*: (.+)$", re.MULTILINE)
_LONGEST_COMPLAINT = 4096


class Tunnel:
    """One connection. Made by `open`, ended by `close`."""

    def __init__(self, client: engine.Client, sandbox_id: str, port: int, relay: exec.Exec) -> None:
        self._client = client
        self._sandbox_id = sandbox_id
        self._port = port
        self._relay = relay
        self._process = ""
        self._said = b""
        self._early: deque[bytes] = deque()
        self._ended = False
        self._closed = False

    async def begin(self) -> None:
        """Returns once the relay runs. Raises EngineError if it can't."""
        while b"\n" not in self._said:
            chunk = await self._relay.read()
            if chunk is None:
                told = b"".join(self._early)[:_LONGEST_COMPLAINT].decode(errors="replace")
                raise errors.EngineRefused(f"no connection can be made in the sandbox {self._sandbox_id}: {told}")
            if chunk[0] == frames.STDERR:
                self._said += chunk[1]
            else:
                # The engine reads the two streams side by side.
                self._early.append(chunk[1])
        process, _, self._said = self._said.partition(b"\n")
        self._process = process.decode()

    async def read(self) -> bytes:
        """What has come, as soon as there is something; empty at the end.

        Raises ServiceUnavailable, in the words of Kubernetes' runtimes, if nothing listens at the port; EngineError.
        """
        if self._early:
            return self._early.popleft()
        while (chunk := await self._relay.read()) is not None:
            stream, data = chunk
            if stream == frames.STDOUT:
                return data
            self._said = (self._said + data)[:_LONGEST_COMPLAINT]
        self._ended = True
        if said := self._said.decode(errors="replace"):
            raise errors.ServiceUnavailable(_refusal(self._port, self._sandbox_id, said))
        return b""

    @property
    def problem(self) -> str:
        """Why there is no connection, in the words of the network: "connection refused"; "" if there is one."""
        found = _REFUSED.findall(self._said.decode(errors="replace"))
        return found[-1][1].lower() if found else ""

    async def write(self, data: bytes) -> None:
        """Sends `data`; waits while the other side does not read. What it can't read any more is dropped."""
        await self._relay.write(data)

    async def write_eof(self) -> None:
        """Nothing more will be sent; what the other side sends still comes."""
        await self._relay.close_stdin()

    async def close(self) -> None:
        """Ends the connection on both sides. It may be called again."""
        if self._closed:
            return
        self._closed = True
        await self._relay.close()
        if self._process and not self._ended:
            # Without its input `nc` waits for the other side to end; that its output is gone it never learns.
            with contextlib.suppress(errors.EngineError):
                killing = await exec.start(self._client, self._sandbox_id, ["kill", "-9", "--", f"-{self._process}"])
                await killing.close()


async def open(client: engine.Client, sandbox_id: str, port: int, addresses: Sequence[str] = LOCALHOST) -> Tunnel:
    """A connection to `port` at the first of the addresses that has it, as the running sandbox sees them.

    Raises EngineError.
    """
    relay = await exec.start(client, sandbox_id, ["sh", "-c", _SCRIPT, str(port), *addresses], stdin=True)
    tunnel = Tunnel(client, sandbox_id, port, relay)
    try:
        await tunnel.begin()
    except BaseException:
        await tunnel.close()
        raise
    return tunnel


def _refusal(port: int, sandbox_id: str, said: str) -> str:
    """The words of containerd (`portForward`, internal/cri/server/sandbox_portforward_linux.go)."""
    problems = [
        f"IPv6: dial tcp6 [::1]:{port}: connect: {why.lower()}"
        if ":" in address
        else f"IPv4: dial tcp4 {address}:{port}: connect: {why.lower()}"
        for address, why in _REFUSED.findall(said)
    ]
    told = " ".join(problems) or said.strip()
    return f'failed to connect to localhost:{port} inside namespace "{sandbox_id}", {told}'
