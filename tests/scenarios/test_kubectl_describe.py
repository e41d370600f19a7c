"""kubectl describe and top."""

import re
from collections.abc import Iterator

import pytest

import kubectl_session
from kubectl_session import KubectlWorld, masked

pytestmark = pytest.mark.engine

RUNNING = """
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web, tier: front}
  annotations: {note: a few words}
spec:
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: prepare, image: "busybox:1.36", command: ["true"]}
  containers:
  - name: main
    image: busybox:1.36
    command: [sleep, "1000"]
    ports: [{containerPort: 8080}]
    env: [{name: GREETING, value: hello}]
"""

FAILING = """
apiVersion: v1
kind: Pod
metadata: {name: failing}
spec:
  restartPolicy: Never
  initContainers:
  - {name: migrate, image: "busybox:1.36", command: [sh, -c, exit 3]}
  containers:
  - {name: main, image: "busybox:1.36"}
"""

DESCRIBED = """\
Name:             web
Namespace:        default
Priority:         0
Service Account:  default
Node:             NODE
Start Time:       DATE
Labels:           app=web
                  tier=front
Annotations:      note: a few words
Status:           Running
IP:               IP
IPs:
  IP:  IP
Init Containers:
  prepare:
    Container ID:  docker://ID
    Image:         busybox:1.36
    Image ID:      docker://sha256:ID
    Port:          <none>
    Host Port:     <none>
    Command:
      true
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
      Started:      DATE
      Finished:     DATE
    Ready:          True
    Restart Count:  0
    Environment:    <none>
    Mounts:         <none>
Containers:
  main:
    Container ID:  docker://ID
    Image:         busybox:1.36
    Image ID:      docker://sha256:ID
    Port:          8080/TCP
    Host Port:     0/TCP
    Command:
      sleep
      1000
    State:          Running
      Started:      DATE
    Ready:          True
    Restart Count:  0
    Environment:
      GREETING:  hello
    Mounts:      <none>
Conditions:
  Type              Status
  Initialized       True
  Ready             True
  ContainersReady   True
  PodScheduled      True
Volumes:            <none>
QoS Class:          BestEffort
Node-Selectors:     <none>
Tolerations:        <none>
Events:
  Type    Reason     Age   From               Message
  ----    ------     ----  ----               -------
  Normal  Scheduled  AGE   default-scheduler  Successfully assigned default/web to NODE
  Normal  Pulled     AGE   kubelet            spec.initContainers{prepare}: Container image "busybox:1.36" already present on machine
  Normal  Created    AGE   kubelet            spec.initContainers{prepare}: Created container prepare
  Normal  Started    AGE   kubelet            spec.initContainers{prepare}: Started container prepare
  Normal  Pulled     AGE   kubelet            spec.containers{main}: Container image "busybox:1.36" already present on machine
  Normal  Created    AGE   kubelet            spec.containers{main}: Created container main
  Normal  Started    AGE   kubelet            spec.containers{main}: Started container main
"""  # noqa: E501

FAILED = """\
Init Containers:
  migrate:
    Container ID:  docker://ID
    Image:         busybox:1.36
    Image ID:      docker://sha256:ID
    Port:          <none>
    Host Port:     <none>
    Command:
      sh
      -c
      exit 3
    State:          Terminated
      Reason:       Error
      Exit Code:    3
      Started:      DATE
      Finished:     DATE
    Ready:          False
    Restart Count:  0
    Environment:    <none>
    Mounts:         <none>
Containers:
  main:
    Container ID:
    Image:          busybox:1.36
    Image ID:
    Port:           <none>
    Host Port:      <none>
    State:          Waiting
      Reason:       PodInitializing
    Ready:          False
    Restart Count:  0
    Environment:    <none>
    Mounts:         <none>
Conditions:
  Type              Status
  Initialized       False
  Ready             False
  ContainersReady   False
  PodScheduled      True
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubectlWorld]:
    """A server and the pods `web`, which runs, and `failing`, whose init container has failed."""
    with kubectl_session.opened(tmp_path_factory.mktemp("describe")) as world:
        world.create(RUNNING)
        world.create(FAILING)
        world.becomes("Running")
        world.becomes("Init:Error", "failing")
        yield world


def described(text: str) -> str:
    """What kubectl describes, without what differs: the node, ages, and spaces at the ends of lines."""
    text = re.sub(r" to \S+$", " to NODE", re.sub(r"^Node:(\s+)\S+$", r"Node:\1NODE", text, flags=re.M), flags=re.M)
    text = re.sub(r"^(  Normal  \w+ +)(\d+s) *( {3}[dk])", r"\1AGE\3", text, flags=re.M)
    return re.sub(r" +$", "", masked(text), flags=re.M)


def test_a_pod_is_described_with_its_events(world: KubectlWorld) -> None:
    assert described(world.kubectl("describe", "pod", "web").out) == DESCRIBED


def test_a_failed_init_container_is_described_with_its_exit_code(world: KubectlWorld) -> None:
    text = described(world.kubectl("describe", "pod", "failing").out)
    assert text[text.index("Init Containers:") : text.index("Volumes:")] == FAILED


def test_a_pod_that_is_not_there_can_not_be_described(world: KubectlWorld) -> None:
    assert world.kubectl("describe", "pod", "none", status=1).err == (
        'Error from server (NotFound): pods "none" not found\n'
    )


def used(text: str) -> str:
    """A table of usage with one space between columns, numbers as N."""
    return re.sub(r"\b\d+(m|Mi|%)", r"N\1", re.sub(r" +", " ", re.sub(r" +$", "", text, flags=re.M)))


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ("pod", "NAME CPU(cores) MEMORY(bytes)\nweb Nm NMi\n"),
        ("pod web --containers", "POD NAME CPU(cores) MEMORY(bytes)\nweb main Nm NMi\n"),
        ("pod -l tier=front --no-headers", "web Nm NMi\n"),
        ("pod -A", "NAMESPACE NAME CPU(cores) MEMORY(bytes)\ndefault web Nm NMi\n"),
        ("node", "NAME CPU(cores) CPU(%) MEMORY(bytes) MEMORY(%)\nNODE Nm N% NMi N%\n"),
    ],
)
def test_top_shows_what_is_used(world: KubectlWorld, arguments: str, printed: str) -> None:
    node = world.kubectl("get", "nodes", "-o", "name").out.strip().removeprefix("node/")
    assert used(world.kubectl("top", *arguments.split()).out) == printed.replace("NODE", node)


def test_top_knows_the_memory_of_a_pod(world: KubectlWorld) -> None:
    before = megabytes(world)
    world.kubectl("exec", "web", "-c", "main", "--", "sh", "-c", "head -c 50000000 /dev/zero > /dev/shm/much")
    assert 45 <= megabytes(world) - before <= 50


def megabytes(world: KubectlWorld) -> int:
    return int(world.kubectl("top", "pod", "web", "--no-headers").out.split()[2].removesuffix("Mi"))


def test_top_of_a_pod_that_is_not_there_is_an_error(world: KubectlWorld) -> None:
    assert world.kubectl("top", "pod", "none", status=1).err == 'Error from server (NotFound): pods "none" not found\n'


def test_top_of_nothing_says_so(world: KubectlWorld) -> None:
    assert world.kubectl("top", "pod", "-l", "app=none").err == "No resources found in default namespace.\n"
