"""podrunner's own verbs beside kubectl's, against the same server: they say the same."""

import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import commandline
import kubectl_session
from commandline import PATIENCE_SECONDS, PODRUNNER, container, eventually, manifest

pytestmark = pytest.mark.engine

MOST_TIMES_KUBECTL = 2.5

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: blue}\n"
WEB = manifest(
    container("sleep 1000", env=[{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}]),
    init=(container("echo ready", name="prepare"),),
    restartPolicy="Always",
    terminationGracePeriodSeconds=1,
    tolerations=[{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}],
    volumes=[{"name": "cache", "emptyDir": {"medium": "Memory"}}],
)
SAME = (
    "get pods",
    "get pods,svc -A -o wide --show-labels",
    "get all",
    "get events --no-headers",
    "get nodes",
    "get pod web -o yaml",
    "get pods,cm -o json",
    "get pods -o name",
    "get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image",
    "get pods -o jsonpath={range.items[*]}{.metadata.name}{.status.phase}{end}",
    "get pods -L app -l app!=db",
    "get pod nope web",
    "get secrets -n nowhere",
    "describe pod web",
    "describe secret key",
    "describe configmap settings",
    "events --for pod/web --types Warning",
    "wait --for=condition=Ready pod/web",
    "wait --for=jsonpath={.status.phase}=Running pod/web pod/nope",
    "top pod -n nowhere",
    "delete pod nope",
    "delete pods --all --dry-run=server",
)


class Verbs(kubectl_session.KubectlWorld):
    """podrunner's commands to their ends."""

    def podrunner(self, *arguments: str, stdin: str = "") -> kubectl_session.Done:
        done = subprocess.run(
            [PODRUNNER, *arguments],
            input=stdin, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False, env=self.verbs_environ,
        )  # fmt: skip
        return kubectl_session.Done(done.returncode, done.stdout, done.stderr)

    @property
    def verbs_environ(self) -> dict[str, str]:
        return {**self.kubectl_environ, "PODRUNNER_STATE_DIR": str(self.state_dir)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verbs]:
    """A server with a pod that runs."""
    verbs = Verbs(tmp_path_factory.mktemp("verbs"))
    try:
        verbs.open_server()
        verbs.kubectl("create", "secret", "generic", "key", "--from-literal=token=hunter2")
        applied = verbs.podrunner("apply", "-f", "-", stdin=f"{CONFIG}---\n{WEB}")
        assert applied.out == "configmap/settings created\npod/web created\n", applied.err
        assert verbs.podrunner("wait", "--for=condition=Ready", "pod/web").out == "pod/web condition met\n"
        yield verbs
    finally:
        verbs.close()


def comparable(text: str) -> str:
    """Without ages, which go on between two commands, and the spaces that make up for them."""
    return re.sub(r" +", " ", re.sub(r"\b(\d+[smhd])+\b", "AGE", text))


@pytest.mark.parametrize("command", SAME)
def test_a_verb_says_what_kubectl_says(world: Verbs, command: str) -> None:
    theirs, ours = world.kubectl(*command.split(), status=None), world.podrunner(*command.split())
    assert (ours.status, comparable(ours.out), comparable(ours.err)) == (
        theirs.status,
        comparable(theirs.out),
        comparable(theirs.err),
    )


def test_apply_tells_what_it_did_and_whose_fields_it_may_not_take(world: Verbs) -> None:
    changed = CONFIG.replace("blue", "red")
    assert world.podrunner("apply", "-f", "-", "--dry-run=server", stdin=changed).out == (
        "configmap/settings configured (server dry run)\n"
    )
    assert world.podrunner("apply", "-f", "-", stdin=CONFIG).out == "configmap/settings unchanged\n"
    world.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=changed)
    refused = world.podrunner("apply", "-f", "-", stdin=f"# mine\n---\n{CONFIG}")
    assert refused.status == 1
    assert refused.err == (
        '<stdin>:3: Error from server (Conflict): Apply failed with 1 conflict: conflict with "kubectl": .data.colour\n'
        "--force-conflicts takes these fields over\n"
    )
    assert world.podrunner("apply", "-f", "-", "--force-conflicts", stdin=CONFIG).out == (
        "configmap/settings configured\n"
    )


def test_apply_makes_the_namespace_and_delete_by_file_removes_what_it_made(world: Verbs, tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (below / "pod.yaml").write_text(manifest(container("sleep 1000"), name="short", terminationGracePeriodSeconds=1))
    applied = world.podrunner("apply", "-R", "-f", str(tmp_path), "-n", "made")
    assert applied == (0, "pod/short created\n", 'podrunner: namespace "made" did not exist and was created\n')
    deleted = world.podrunner("delete", "-R", "-f", str(tmp_path), "-n", "made")
    assert deleted == (0, 'pod "short" deleted from made namespace\n', "")
    assert world.podrunner("get", "pods", "-n", "made").err == "No resources found in made namespace.\n"
    assert world.podrunner("delete", "ns", "made").out == 'namespace "made" deleted\n'


def test_apply_changes_nothing_when_a_file_is_wrong(world: Verbs) -> None:
    refused = world.podrunner("apply", "-f", "-", stdin=f"{CONFIG.replace('settings', 'other')}---\n{WEB}  typo: 1\n")
    assert refused.status == 2
    assert re.fullmatch(r"<stdin>:\d+: spec\.typo: Unknown field\n", refused.err)
    assert world.podrunner("get", "cm", "other").status == 1


def test_apply_starts_the_server_if_none_runs(tmp_path: Path) -> None:
    with commandline.podrunner(tmp_path) as command:
        applied = command.start("apply", "-f", "-", manifests=CONFIG)
        applied.ends(0)
        shown = command.start("get", "cm", "settings", "-o", "name")
        shown.ends(0)
        assert (applied.out, shown.out) == ("configmap/settings created\n", "configmap/settings\n")


def test_a_watch_shows_what_kubectl_shows(world: Verbs) -> None:
    watches = world.start_kubectl("get", "pods", "-w"), world.start("get", "pods", "-w")
    for watch in watches:
        watch.until("web")
    world.podrunner("apply", "-f", "-", stdin=manifest(container("sleep 1000"), name="brief"))
    world.podrunner("wait", "--for=condition=Ready", "pod/brief")
    world.podrunner("delete", "pod", "brief", "--now")
    eventually(lambda: all("Terminating" in watch.out or "Error" in watch.out for watch in watches))
    eventually(lambda: len(watches[0].out.splitlines()) == len(watches[1].out.splitlines()))
    for watch in watches:
        watch.process.terminate()
        watch.status()
    assert comparable(watches[1].out) == comparable(watches[0].out)


def test_get_pods_takes_no_longer_than_is_allowed_beside_kubectl(world: Verbs) -> None:
    commands = {"kubectl": [kubectl_session.KUBECTL, "get", "pods"], "podrunner": [PODRUNNER, "get", "pods"]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    # What is installed is compiled, and stays so.
    environ = {name: value for name, value in world.verbs_environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(commands["podrunner"], env=environ, capture_output=True, check=True)
    for _ in range(9):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, env=environ, capture_output=True, check=True)
            seconds[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    assert medians["podrunner"] <= MOST_TIMES_KUBECTL * medians["kubectl"], medians
