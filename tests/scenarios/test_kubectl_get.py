"""kubectl get in all its output forms, events and wait, with a real engine."""

import json
from collections.abc import Iterator

import pytest
import yaml

import kubectl_session
import kubectl_shell
from commandline import eventually
from kubectl_shell import config_map, pod, squeezed

pytestmark = pytest.mark.engine

POD_YAML = """\
apiVersion: v1
kind: Pod
metadata:
  creationTimestamp: "TIME"
  generation: 1
  labels:
    app: web
  name: web
  namespace: shop
  resourceVersion: "N"
  uid: UID
spec:
  containers:
  - command:
    - sh
    - -c
    - sleep 1000
    image: busybox:1.36
    imagePullPolicy: IfNotPresent
    name: main
    resources: {}
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: File
  dnsPolicy: ClusterFirst
  enableServiceLinks: true
  nodeName: NODE
  preemptionPolicy: PreemptLowerPriority
  priority: 0
  restartPolicy: Always
  schedulerName: default-scheduler
  securityContext: {}
  serviceAccount: default
  serviceAccountName: default
  terminationGracePeriodSeconds: 0
status:
  conditions:
"""

CONTAINER_STATUSES = """\
  containerStatuses:
  - containerID: docker://ID
    image: busybox:1.36
    imageID: docker://sha256:ID
    lastState: {}
    name: main
    ready: true
    restartCount: 0
    started: true
    state:
      running:
        startedAt: "TIME"
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubectl_session.KubectlWorld]:
    with kubectl_session.opened(tmp_path_factory.mktemp("get")) as world:
        yield world


@pytest.fixture(scope="module")
def kubectl(world: kubectl_session.KubectlWorld) -> kubectl_shell.Shell:
    """A namespace with a running pod `web` and two ConfigMaps, which the tests only read."""
    kubectl = kubectl_shell.opened(world)
    kubectl(
        "create", "-f", "-", stdin=[config_map("blue", {"shade": "dark"}, a="1"), config_map("amber", a="1", b="2")]
    )
    kubectl.run_pod(labels={"app": "web"})
    return kubectl


@pytest.fixture
def elsewhere(world: kubectl_session.KubectlWorld) -> kubectl_shell.Shell:
    """A namespace of the test's own."""
    return kubectl_shell.opened(world)


def node(kubectl: kubectl_shell.Shell) -> str:
    return kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")


# ---- tables


def test_the_default_form_is_a_table(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "pods") == "NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          0s\n"
    assert kubectl("get", "po", "web", "--no-headers") == "web   1/1   Running   0     0s\n"
    assert kubectl("get", "configmaps") == (
        "NAME               DATA   AGE\n"
        "amber              2      0s\n"
        "blue               1      0s\n"
        "kube-root-ca.crt   1      0s\n"
    )


def test_wide_tells_where_a_pod_runs(kubectl: kubectl_shell.Shell) -> None:
    address = kubectl("get", "pod", "web", "-o", "jsonpath={.status.podIP}")
    assert squeezed(kubectl("get", "pods", "-o", "wide")) == [
        "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES",
        f"web 1/1 Running 0 0s {address} {node(kubectl)} <none> <none>",
    ]


def test_labels_are_shown_on_request(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "pods", "--show-labels") == (
        "NAME   READY   STATUS    RESTARTS   AGE   LABELS\nweb    1/1     Running   0          0s    app=web\n"
    )
    assert kubectl("get", "cm", "-L", "shade", "--no-headers", "amber", "blue") == (
        "amber   2     0s    \nblue    1     0s    dark\n"
    )


def test_several_kinds_and_all_come_as_one_table_each(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "pod/web", "cm/blue") == (
        "NAME      READY   STATUS    RESTARTS   AGE\n"
        "pod/web   1/1     Running   0          0s\n"
        "\n"
        "NAME             DATA   AGE\n"
        "configmap/blue   1      0s\n"
    )
    assert kubectl("get", "all") == (
        "NAME      READY   STATUS    RESTARTS   AGE\npod/web   1/1     Running   0          0s\n"
    )


def test_all_namespaces_are_listed_together(kubectl: kubectl_shell.Shell) -> None:
    listed = squeezed(kubectl("get", "serviceaccounts", "-A"))
    assert listed[0] == "NAMESPACE NAME AGE"
    assert {"default default 0s", "kube-system default 0s", "shop default 0s"} < set(listed)


def test_long_lists_come_in_pages(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "cm", "--chunk-size=1", "-o", "name") == (
        "configmap/amber\nconfigmap/blue\nconfigmap/kube-root-ca.crt\n"
    )


def test_nothing_found_is_said(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "pods", "-l", "app=other") == "No resources found in shop namespace.\n"
    assert kubectl("get", "pod", "absent", status=1) == 'Error from server (NotFound): pods "absent" not found\n'
    assert kubectl("get", "pod", "absent", "--ignore-not-found") == ""
    assert kubectl("get", "pod", "web", "absent", "--no-headers", status=1) == (
        'web   1/1   Running   0     0s\nError from server (NotFound): pods "absent" not found\n'
    )
    assert kubectl("get", "deployments", status=1) == (
        'error: the server doesn\'t have a resource type "deployments"\n'
    )


# ---- other forms


def test_yaml_shows_the_whole_object(kubectl: kubectl_shell.Shell) -> None:
    told = kubectl("get", "pod", "web", "-o", "yaml").replace(f"nodeName: {node(kubectl)}", "nodeName: NODE")
    version = kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.resourceVersion}")
    told = told.replace(f'resourceVersion: "{version}"', 'resourceVersion: "N"')
    assert told.startswith(POD_YAML)
    assert CONTAINER_STATUSES in told
    status = yaml.safe_load(told)["status"]
    assert sorted(condition["type"] for condition in status["conditions"] if condition["status"] == "True") == [
        "ContainersReady",
        "Initialized",
        "PodScheduled",
        "Ready",
    ]
    assert (status["phase"], status["qosClass"]) == ("Running", "BestEffort")


def test_json_is_the_same_object(kubectl: kubectl_shell.Shell) -> None:
    told = json.loads(kubectl("get", "pods", "-o", "json"))
    assert (told["apiVersion"], told["kind"], len(told["items"])) == ("v1", "List", 1)
    assert told["items"][0] == json.loads(kubectl("get", "pod", "web", "-o", "json"))
    assert told["items"][0] == yaml.safe_load(kubectl("get", "pod", "web", "-o", "yaml"))


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("name", "pod/web\n"),
        ("jsonpath={.items[*].metadata.name} {.items[0].spec.containers[?(@.name=='main')].image}", "web busybox:1.36"),
        ("jsonpath-as-json={.items[*].metadata.labels}", '[\n    {\n        "app": "web"\n    }\n]\n'),
        (
            "custom-columns=POD:.metadata.name,IMAGES:.spec.containers[*].image,NONE:.metadata.absent",
            "POD   IMAGES         NONE\nweb   busybox:1.36   <none>\n",
        ),
        ('go-template={{range .items}}{{.metadata.name}}: {{.spec.restartPolicy}}{{"\\n"}}{{end}}', "web: Always\n"),
    ],
    ids=["name", "jsonpath", "jsonpath-as-json", "custom-columns", "go-template"],
)
def test_other_forms_pick_from_it(kubectl: kubectl_shell.Shell, form: str, told: str) -> None:
    assert kubectl("get", "pods", "-o", form) == told


def test_raw_is_what_the_server_answers(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "--raw", "/healthz") == "ok"
    path = f"/api/v1/namespaces/{kubectl.namespace}/configmaps"
    told = json.loads(kubectl("get", "--raw", f"{path}?limit=1"))
    assert (told["kind"], told["items"][0]["metadata"]["name"]) == ("ConfigMapList", "amber")
    assert told["metadata"]["remainingItemCount"] == 2
    assert kubectl("get", "--raw", f"{path}/absent", status=1) == (
        'Error from server (NotFound): configmaps "absent" not found\n'
    )
    assert kubectl("get", "--raw", "/absent", status=1) == (
        "Error from server (NotFound): the server could not find the requested resource\n"
    )


# ---- selection and order


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (("-l", "shade=dark"), "configmap/blue\n"),
        (("-l", "shade in (dark, light),!absent"), "configmap/blue\n"),
        (("-l", "!shade"), "configmap/amber\nconfigmap/kube-root-ca.crt\n"),
        (("-l", "shade!=dark"), "configmap/amber\nconfigmap/kube-root-ca.crt\n"),
        (("--field-selector", "metadata.name=amber"), "configmap/amber\n"),
        (("--field-selector", "metadata.name!=amber", "-l", "shade"), "configmap/blue\n"),
        (("--sort-by", ".metadata.name"), "configmap/amber\nconfigmap/blue\nconfigmap/kube-root-ca.crt\n"),
        (("--sort-by", "{.data.b}", "--field-selector", "metadata.name!=blue"),
         "configmap/kube-root-ca.crt\nconfigmap/amber\n"),
    ],
)  # fmt: skip
def test_selectors_and_order(kubectl: kubectl_shell.Shell, selection: tuple[str, ...], names: str) -> None:
    assert kubectl("get", "configmaps", "-o", "name", *selection) == names


def test_pods_are_selected_by_their_state(kubectl: kubectl_shell.Shell) -> None:
    assert kubectl("get", "pods", "--field-selector=status.phase=Running", "-o", "name") == "pod/web\n"
    assert kubectl("get", "pods", f"--field-selector=spec.nodeName={node(kubectl)}", "-o", "name") == "pod/web\n"
    assert kubectl("get", "pods", "--field-selector=status.phase!=Running", "-o", "name") == ""


def test_selectors_that_can_not_be_are_refused(kubectl: kubectl_shell.Shell) -> None:
    unable = 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector'
    assert kubectl("get", "pods", "--field-selector=spec.color=red", status=1) == (
        f'{unable} "", field selector "spec.color=red": field label not supported: spec.color\n'
    )
    assert kubectl("get", "pods", "-l", "app===web", status=1).startswith(f'{unable} "app===web", field selector "": ')


# ---- watches


def test_a_watch_tells_of_what_comes_changes_and_goes(elsewhere: kubectl_shell.Shell) -> None:
    watch = elsewhere.world.start_kubectl(
        "-n", elsewhere.namespace, "get", "configmaps", "-l", "app=x", "-w", "--output-watch-events"
    )
    eventually(lambda: elsewhere("get", "configmaps", "--no-headers"))
    elsewhere("create", "-f", "-", stdin=[config_map("one", {"app": "x"}, a="1"), config_map("two", {"app": "z"})])
    eventually(lambda: "one" in watch.out)
    elsewhere("patch", "configmap", "one", "-p", '{"data": {"b": "2"}}')
    elsewhere("label", "configmap", "two", "app=x", "--overwrite")
    elsewhere("label", "configmap", "one", "app-")
    elsewhere("delete", "configmap", "two")
    eventually(lambda: watch.out.count("DELETED") == 2)
    watch.process.terminate()
    assert squeezed(elsewhere.said(watch.out)) == [
        "EVENT NAME DATA AGE",
        "ADDED one 1 0s",
        "MODIFIED one 2 0s",
        "ADDED two 0 0s",
        "DELETED one 2 0s",
        "DELETED two 0 0s",
    ]


def test_a_watch_of_one_pod_follows_it_to_its_end(elsewhere: kubectl_shell.Shell) -> None:
    watch = elsewhere.world.start_kubectl("-n", elsewhere.namespace, "get", "pods", "-w", "--no-headers")
    elsewhere("create", "-f", "-", stdin=pod(script="sleep 1", restartPolicy="Never"))
    eventually(lambda: "Completed" in watch.out)
    watch.process.terminate()
    rows = [" ".join(row.split()[:4]) for row in watch.out.splitlines() if row.startswith("web")]
    assert list(dict.fromkeys(rows)) == [
        "web 0/1 Pending 0",
        "web 0/1 ContainerCreating 0",
        "web 1/1 Running 0",
        "web 0/1 Completed 0",
    ]


# ---- events


def test_the_events_of_a_pod_in_both_commands(kubectl: kubectl_shell.Shell) -> None:
    story = [
        f"0s Normal Scheduled pod/web Successfully assigned shop/web to {node(kubectl)}",
        '0s Normal Pulled pod/web Container image "busybox:1.36" already present on machine',
        "0s Normal Created pod/web Created container main",
        "0s Normal Started pod/web Started container main",
    ]
    assert squeezed(kubectl("get", "events", "--no-headers")) == story
    assert squeezed(kubectl("events", "--for=pod/web")) == [
        "LAST SEEN TYPE REASON OBJECT MESSAGE",
        *(line.replace("pod/web", "Pod/web") for line in story),
    ]
    assert kubectl("events", "--types=Warning") == "No events found in shop namespace.\n"
    assert kubectl("get", "events", "--field-selector=involvedObject.name=web,reason=Started", "--no-headers") == (
        "0s    Normal   Started   pod/web   Started container main\n"
    )
    assert squeezed(kubectl("get", "events.events.k8s.io", "--field-selector=reason=Started")) == [
        "LAST SEEN TYPE REASON OBJECT MESSAGE",
        "0s Normal Started pod/web Started container main",
    ]


def test_wide_events_tell_the_container_and_who_says_so(kubectl: kubectl_shell.Shell) -> None:
    header, row = squeezed(kubectl("get", "events", "-o", "wide", "--field-selector=reason=Created"))
    name = kubectl("get", "events", "--field-selector=reason=Created", "-o", "jsonpath={.items[0].metadata.name}")
    assert header == "LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME"
    assert row == (
        f"0s Normal Created pod/web spec.containers{{main}} kubelet, {node(kubectl)} Created container main 0s 1 {name}"
    )


# ---- wait


def test_wait_returns_when_it_is_so(elsewhere: kubectl_shell.Shell) -> None:
    waiting = elsewhere.world.start_kubectl("-n", elsewhere.namespace, "wait", "--for=create", "pod/web")
    elsewhere("create", "-f", "-", stdin=pod(labels={"app": "web"}))
    assert (waiting.status(), waiting.out) == (0, "pod/web condition met\n")
    assert elsewhere("wait", "pods", "-l", "app=web", "--for=condition=Ready") == "pod/web condition met\n"
    assert elsewhere("wait", "pods", "--all", "--for=condition=ContainersReady") == "pod/web condition met\n"
    assert elsewhere("wait", "pod/web", "--for=jsonpath={.status.phase}=Running") == "pod/web condition met\n"
    waiting = elsewhere.world.start_kubectl("-v=6", "-n", elsewhere.namespace, "wait", "--for=delete", "pod/web")
    waiting.until("watch=true")
    elsewhere("delete", "pod", "web")
    assert (waiting.status(), waiting.out) == (0, "pod/web condition met\n")
    assert elsewhere("wait", "--for=delete", "pod/web") == ""


def test_wait_gives_up_after_its_timeout(kubectl: kubectl_shell.Shell) -> None:
    wait = ("wait", "--timeout=200ms")
    for condition in ("condition=Absent", "delete", "jsonpath={.status.phase}=Failed"):
        told = kubectl(*wait, "pod/web", f"--for={condition}", status=1)
        # Before its error kubectl may log how its watch was broken off, in one of several ways.
        assert told.splitlines()[-1] == "error: timed out waiting for the condition on pods/web"
    assert kubectl(*wait, "pod/absent", "--for=condition=Ready", status=1) == (
        'Error from server (NotFound): pods "absent" not found\n'
    )
