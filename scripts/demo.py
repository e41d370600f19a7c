"""Runs the chapter's pod: podrunner starts examples/kubia-init.yaml, Envoy answers with TLS, and all is removed again.

Needs no internet, see `offline_network`. Exits with 1, saying what, if anything did not hold.
"""

import contextlib
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import offline_network

ROOT = pathlib.Path(__file__).parent.parent
MANIFEST = pathlib.Path("examples/kubia-init.yaml")
PODRUNNER = pathlib.Path(sys.executable).with_name("podrunner")
CHECKER = "    image: luksa/network-connectivity-checker:1.0\n"
RUNNING = re.compile(r"\b2/2\s+Running\b")
INTERRUPTED = 130
# A client in a container, not on this machine: with Docker Desktop the pod's address leads elsewhere from here.
HTTPS_CLIENT = """
const options = { rejectUnauthorized: false, timeout: 5000 };
const request = require('https').get(process.argv[1], options, (response) => {
  console.log(`${response.socket.getProtocol()}, certificate of ${response.socket.getPeerCertificate().subject.CN}:`);
  response.pipe(process.stdout);
});
request.on('timeout', () => request.destroy(new Error('no answer within 5 s')));
"""


class DoesNotHoldError(Exception):
    """Something that the demo shows is not so."""


def main() -> int:
    """Returns the exit status."""
    os.chdir(ROOT)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with offline_network.joined() as network, private_server(), manifest_for(network) as manifest:
            demonstrate(manifest, network)
        if offline_network.find():
            raise DoesNotHoldError(f"the network {offline_network.NAME} is still there")
    except (DoesNotHoldError, offline_network.CannotCreateError) as error:
        say(f"the demo failed: {error}")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    say("nothing is left: no container, no volume, no network")
    return 0


def demonstrate(manifest: pathlib.Path, network: offline_network.OfflineNetwork) -> None:
    """Runs the pod, asks it over HTTPS, ends it. Raises DoesNotHoldError."""
    started = time.monotonic()
    with running(manifest, network.name) as run:
        say(f"the pod is 2/2 Running after {time.monotonic() - started:.1f} s")
        address, uid = sandbox(network.name)
        answer = ask(f"https://{address}:8443/", network.name)
        say(answer.rstrip())
        if "Hey there, this is kubia-init." not in answer:
            raise DoesNotHoldError("that is not kubia's answer")
        say("interrupting podrunner, as Ctrl-C does")
        run.send_signal(signal.SIGINT)
        if run.wait(60) != INTERRUPTED:
            raise DoesNotHoldError(f"podrunner ended with exit status {run.returncode}, not {INTERRUPTED}")
    owned = f"--filter=label=io.kubernetes.pod.uid={uid}"
    if left := docker("ps", "--all", "--quiet", owned) + docker("volume", "ls", "--quiet", owned):
        raise DoesNotHoldError(f"the pod left behind: {left}")


@contextlib.contextmanager
def private_server() -> Iterator[None]:
    """Gives podrunner a state directory and with it a server of its own, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="podrunner-demo-") as directory:
        os.environ["PODRUNNER_STATE_DIR"] = directory
        try:
            yield
        except DoesNotHoldError:
            say("what podrunner's server logged:")
            subprocess.run([PODRUNNER, "server", "logs"], check=False)
            raise
        finally:
            subprocess.run([PODRUNNER, "server", "stop"], check=False, capture_output=True)


@contextlib.contextmanager
def manifest_for(network: offline_network.OfflineNetwork) -> Iterator[pathlib.Path]:
    """The chapter's manifest or, where the network could not have its address, one with another address to check."""
    if network.gateway == "1.1.1.1":
        yield MANIFEST
        return
    say(f"a nameserver of this machine is next to 1.1.1.1, so the init container checks {network.gateway} instead")
    with tempfile.NamedTemporaryFile("w", prefix="kubia-init-", suffix=".yaml") as derived:
        derived.write(MANIFEST.read_text().replace(CHECKER, f'{CHECKER}    args: ["{network.gateway}"]\n'))
        derived.flush()
        yield pathlib.Path(derived.name)


@contextlib.contextmanager
def running(manifest: pathlib.Path, network: str) -> Iterator[subprocess.Popen[str]]:
    """`podrunner run`, its output passed on, from the time that its pod is 2/2 Running. Raises DoesNotHoldError."""
    command = ["podrunner", "run", str(manifest), "--network", network]
    say(f"$ {shlex.join(command)}")
    reached = threading.Event()
    run = subprocess.Popen([PODRUNNER, *command[1:]], stderr=subprocess.PIPE, text=True)
    reader = threading.Thread(target=pass_on, args=(run, reached))
    reader.start()
    try:
        deadline = time.monotonic() + 120
        while not reached.wait(0.1):
            if run.poll() is not None:
                raise DoesNotHoldError(f"podrunner ended with exit status {run.returncode} before the pod ran")
            if time.monotonic() > deadline:
                raise DoesNotHoldError("the pod was not 2/2 Running after 120 s")
        yield run
    finally:
        end(run)
        reader.join()


def pass_on(run: subprocess.Popen[str], reached: threading.Event) -> None:
    """Copies the run's messages to standard error; sets `reached` when they show both containers running."""
    assert run.stderr
    for line in run.stderr:
        sys.stderr.write(line)
        if RUNNING.search(line):
            reached.set()


def end(run: subprocess.Popen[str]) -> None:
    """Ends a run that is still going, however it takes it."""
    if run.poll() is None:
        run.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(40)
    run.kill()
    run.wait()


def sandbox(network: str) -> tuple[str, str]:
    """The address and the uid of the pod on `network`."""
    identity = docker(
        "ps", "--quiet", f"--filter=network={network}", "--filter=label=io.kubernetes.pod.name=kubia-init"
    )
    address = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    uid = '{{index .Config.Labels "io.kubernetes.pod.uid"}}'
    found = docker("inspect", f"--format={address} {uid}", *identity.split()).split()
    if len(found) != 2:
        raise DoesNotHoldError(f"there should be one kubia-init on {network}, not {found}")
    return found[0], found[1]


def ask(url: str, network: str) -> str:
    """What the server at `url` answers a client on `network`. It may take a moment to listen: Running is not Ready."""
    say(f"asking {url} from a container next to the pod")
    client = ["run", "--rm", f"--network={network}", "--entrypoint=node", "luksa/kubia:1.0", "-e", HTTPS_CLIENT, url]
    deadline = time.monotonic() + 15
    while True:
        try:
            return docker(*client)
        except DoesNotHoldError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def docker(*arguments: str) -> str:
    """The output of a docker command. Raises DoesNotHoldError if it fails."""
    result = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    if result.returncode:
        raise DoesNotHoldError(f"docker {arguments[0]}: {result.stderr.strip()}")
    return result.stdout


def say(text: str) -> None:
    """Prints the demo's own words, apart from podrunner's."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
