"""The connection to the Docker Engine: a thread pool for its blocking calls, and its errors in podrunner's words.

Everything else in this package asks through `Client.call`, so only this module sees docker's and requests' exceptions.
A short call runs in a bounded pool of threads that share one session; whatever reads for long has a thread of its own
(`streams`).
"""

import asyncio
import contextlib
import errno
import functools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

import docker
import docker.errors
import docker.tls
import msgspec
import requests
import tenacity
import urllib3

from podrunner import errors
from podrunner.engine import address, transports

P = ParamSpec("P")
T = TypeVar("T")

NEWEST_TESTED_API = "1.51"
OLDEST_TESTED_API = "1.41"

# Threads for short calls, and how many logs may each have a thread of their own; more of them wait.
CALL_THREADS = 32
LOG_READERS = 1024
# The kubelet gives its runtime two minutes for an answer as well (--runtime-request-timeout).
CONNECT_SECONDS = 10
ANSWER_SECONDS = 120


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The machine the engine runs on. `name` is its host name, `architecture` the kernel's word (`x86_64`).

    `security_options` are the names of those that are on: "apparmor", "seccomp", "userns".
    """

    name: str
    operating_system: str
    kernel: str
    architecture: str
    cpus: int
    memory_bytes: int
    cgroup_version: str
    storage_driver: str
    security_options: tuple[str, ...] = ()


class Client:
    """A connected engine. Made by `connect`, ended by `close`."""

    def __init__(self, where: address.Address, config_dir: Path, api: docker.APIClient, version: str) -> None:
        self.address = where
        self.machine_ip = address.machine_ip(where.url)
        self.config_dir = config_dir
        self.api = api
        self.version = version
        self.log_readers = asyncio.Semaphore(LOG_READERS)
        self._pool = ThreadPoolExecutor(CALL_THREADS, "engine-call")
        self._retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_nothing_was_sent),
            wait=tenacity.wait_exponential(multiplier=0.05, max=0.8),
            stop=tenacity.stop_after_attempt(6),
            reraise=True,
        )

    @classmethod
    async def connect(cls, environ: Mapping[str, str]) -> "Client":
        """Connects to the engine that `address.resolve` finds and agrees on an API version with it.

        Raises EngineUnreachable, whose text says where the engine was sought, who said so, and what to do.
        """
        config_dir = address.config_directory(environ)
        return await asyncio.to_thread(cls._connect, address.resolve(environ, config_dir), config_dir)

    @classmethod
    def _connect(cls, where: address.Address, config_dir: Path) -> "Client":
        try:
            facts = open_api(where, OLDEST_TESTED_API, CONNECT_SECONDS).version(api_version=False)
        except _FOREIGN as error:
            raise translate(error, where) from error
        _refuse_other_than_linux(facts, where)
        version = negotiate(facts["ApiVersion"], facts.get("MinAPIVersion", "1.12"), where)
        return cls(where, config_dir, open_api(where, version), facts["Version"])

    @property
    def api_version(self) -> str:
        """The version of the API that both sides speak."""
        return str(self.api.api_version)

    def speaks(self, version: str) -> bool:
        """Whether the API that both sides speak is that version or a newer one."""
        return _number(self.api_version) >= _number(version)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs the blocking `function` in a thread. Tries again for 1.5 s while the engine refuses connections.

        Raises EngineError. A cancelled call goes on in its thread: its effect on the engine may still come.
        """
        work = functools.partial(function, *args, **kwargs)
        return await self._retrying(self._once, work)

    async def info(self) -> EngineInfo:
        """Raises EngineError."""
        facts: dict[str, Any] = await self.call(self.api.info)
        return EngineInfo(
            name=facts["Name"],
            operating_system=facts["OperatingSystem"],
            kernel=facts["KernelVersion"],
            architecture=facts["Architecture"],
            cpus=facts["NCPU"],
            memory_bytes=facts["MemTotal"],
            cgroup_version=facts.get("CgroupVersion", "1"),
            storage_driver=facts["Driver"],
            security_options=tuple(map(_option_name, facts.get("SecurityOptions") or ())),
        )

    async def ping(self) -> None:
        """Raises EngineError if the engine does not answer."""
        await self.call(self.api.ping)

    async def close(self) -> None:
        """Gives the connections back. Calls under way go on in their threads: one that hangs holds nobody up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.api.close()

    def open_stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | IO[bytes] | None = None,
    ) -> requests.Response:
        """Sends a request and returns once the answer's head has come, its body unread; blocking, without time limit.

        For `streams.read`; the connection is not used again. Raises docker's errors.
        """
        response = self.api.request(
            method,
            f"{self.api.base_url}/v{self.api_version}{path}",
            params=params,
            headers={"Connection": "close", **(headers or {})},
            data=data,
            stream=True,
            timeout=(CONNECT_SECONDS, None),
        )
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            docker.errors.create_api_error_from_http_exception(error)
        return response

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raises our errors for docker's."""
        try:
            yield
        except _FOREIGN as error:
            raise translate(error, self.address) from error

    async def _once(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, work)

    def _run(self, work: Callable[[], T]) -> T:
        with self.translated():
            return work()


def open_api(where: address.Address, version: str, timeout: int = ANSWER_SECONDS) -> docker.APIClient:
    """A session with the engine, for any number of threads. Connects on first use. Raises EngineUnreachable."""
    try:
        api = docker.APIClient(where.url, version=version, timeout=timeout, tls=_tls(where.tls), use_ssh_client=True)
    except (docker.errors.InvalidConfigFile, ValueError, TypeError, AttributeError) as error:
        # docker-py reads the CLI's config.json here and expects the shapes that the CLI writes.
        raise errors.EngineUnreachable(f"the Docker CLI's configuration can't be used: {error!r}") from error
    if where.url.startswith("unix://"):
        api.mount("http+docker://", transports.UnixSocket(f"http+{where.url}", max_pool_size=CALL_THREADS))
        # Neither a proxy nor ~/.netrc concerns a socket, and looking for them costs a fifth of a short call.
        api.trust_env = False
    elif not where.url.startswith("ssh://"):
        for scheme in ("http://", "https://"):
            api.mount(scheme, transports.Network(api.verify, pool_maxsize=CALL_THREADS))
    return api


def negotiate(newest: str, oldest: str, where: address.Address) -> str:
    """The API version to speak with an engine that speaks `oldest` to `newest`. Raises EngineUnreachable if none."""
    chosen = min(newest, NEWEST_TESTED_API, key=_number)
    if _number(chosen) < _number(OLDEST_TESTED_API):
        raise errors.EngineUnreachable(
            f"the Docker Engine at {where} is too old: it speaks API {newest}, podrunner needs {OLDEST_TESTED_API}"
            " (Docker Engine 20.10) or newer"
        )
    if _number(chosen) < _number(oldest):
        raise errors.EngineUnreachable(
            f"the Docker Engine at {where} is too new for this podrunner: it speaks API {oldest} or newer, podrunner up"
            f" to {chosen}; upgrade podrunner"
        )
    return chosen


def translate(error: Exception, where: address.Address) -> errors.EngineError:
    """What podrunner calls the error; an answer's text is the engine's own."""
    if isinstance(error, docker.errors.APIError):
        return refusal(error.status_code, str(error.explanation or error))
    return errors.EngineUnreachable(_unreachable(error, where))


def refusal(status: int | None, message: str) -> errors.EngineRefused:
    """What podrunner calls an answer of the engine that says `message` with this HTTP status."""
    kinds: dict[int | None, type[errors.EngineRefused]] = {404: errors.EngineNotFound, 409: errors.EngineConflict}
    return kinds.get(status, errors.EngineRefused)(message.strip())


# What docker-py lets out: its own errors, and those of requests (OSErrors), urllib3 and the socket.
_FOREIGN = (docker.errors.DockerException, urllib3.exceptions.HTTPError, OSError)


def _unreachable(error: Exception, where: address.Address) -> str:
    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return (
            f"permission denied at the Docker Engine's socket {where}: add yourself to its group"
            " (`sudo usermod -aG docker $USER`, then log in again) or run as root"
        )
    if any(isinstance(cause, (requests.Timeout, TimeoutError)) for cause in causes):
        return f"the Docker Engine at {where} did not answer in time"
    if any(_is_refusal(cause) for cause in causes):
        return f"no Docker Engine answers at {where}: is it running? ({causes[-1]})"
    if "paramiko" in str(error):
        return f"the Docker Engine at {where} is reached over SSH, which needs: pip install 'podrunner[ssh]'"
    return f"the connection to the Docker Engine at {where} broke: {causes[-1]}"


def _nothing_was_sent(error: BaseException) -> bool:
    """Whether trying again can't do anything twice: there was no connection (a restarting engine, a full backlog)."""
    return isinstance(error, errors.EngineUnreachable) and any(_is_refusal(cause) for cause in _causes(error))


def _is_refusal(cause: BaseException) -> bool:
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return True
    return isinstance(cause, OSError) and cause.errno in (errno.ECONNREFUSED, errno.ENOENT, errno.EAGAIN)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, innermost last."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _refuse_other_than_linux(facts: Mapping[str, Any], where: address.Address) -> None:
    if facts.get("Os", "linux") != "linux":
        raise errors.EngineUnreachable(
            f"the Docker Engine at {where} runs {facts['Os']} containers; podrunner needs Linux"
        )


def _option_name(option: str) -> str:
    """Of "name=seccomp,profile=default"."""
    return option.partition(",")[0].removeprefix("name=")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _tls(tls: address.TLS | None) -> docker.tls.TLSConfig | bool:
    if tls is None:
        return False
    pair = (str(tls.cert), str(tls.key)) if tls.cert and tls.key else None
    return docker.tls.TLSConfig(client_cert=pair, ca_cert=str(tls.ca) if tls.ca else None, verify=tls.verify)
