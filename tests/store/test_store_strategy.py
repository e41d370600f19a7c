"""What clients of the API may write, and what becomes of it: creation, replacement, deletion, eviction, binding."""

from typing import Any

import msgspec
import pytest

from podrunner import errors
from podrunner.objects import config, kinds, meta, options, selectors
from podrunner.objects.cluster import Namespace, ServiceAccount
from podrunner.objects.container import Container, EphemeralContainer
from podrunner.objects.lease import Lease
from podrunner.objects.node import Node, NodeSpec, NodeStatus
from podrunner.objects.pod import Pod, PodSpec
from podrunner.objects.pod_status import PodStatus
from podrunner.objects.runtime_class import RuntimeClass
from podrunner.objects.service import Service, ServicePort, ServiceSpec
from podrunner.pods import spec as annotations
from podrunner.store import admission, namespaces, pods, strategy, system
from podrunner.store.registry import Registry

CONFIG_MAP = kinds.of(config.ConfigMap())
NOW = options.DeleteOptions(grace_period_seconds=0)
ANY = options.DeleteOptions()


@pytest.fixture(autouse=True)
def namespaces_there(registry: Registry) -> None:
    system.ensure(registry)


def pod(name: str = "kubia", **given: Any) -> Pod:
    containers = (Container(name="kubia", image="luksa/kubia:1.0"),)
    return Pod(metadata=meta.ObjectMeta(name=name, **given), spec=PodSpec(containers=containers))


def config_map(name: str = "settings", data: dict[str, str] | None = None, **given: Any) -> config.ConfigMap:
    return config.ConfigMap(metadata=meta.ObjectMeta(name=name, **given), data=data or {})


def changed(obj: Any, **metadata: Any) -> Any:
    return msgspec.structs.replace(obj, metadata=msgspec.structs.replace(obj.metadata, **metadata))


def running(registry: Registry, name: str = "kubia", **given: Any) -> Pod:
    return pods.bind(registry, strategy.create(registry, pod(name, **given)), "vm")


def names(registry: Registry, kind: kinds.Kind) -> list[str]:
    return [obj.metadata.name for obj in registry.list(kind, "default").items]


def version(registry: Registry) -> str:
    return registry.list(CONFIG_MAP).resource_version


def test_a_namespace_has_to_be_there(registry: Registry) -> None:
    with pytest.raises(errors.NotFound, match=r'^namespaces "nowhere" not found$') as caught:
        strategy.create(registry, pod(namespace="nowhere"))
    assert caught.value.details == {"name": "nowhere", "kind": "namespaces"}


def test_nothing_is_created_in_a_namespace_that_ends(registry: Registry) -> None:
    strategy.create(registry, Namespace(metadata=meta.ObjectMeta(name="brief")))
    strategy.delete(registry, namespaces.NAMESPACE, "", "brief", ANY)
    with pytest.raises(errors.Forbidden) as caught:
        strategy.create(registry, pod(namespace="brief"))
    assert str(caught.value) == (
        'pods "kubia" is forbidden: unable to create new content in namespace brief because it is being terminated'
    )
    assert caught.value.details["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace brief is being terminated",
            "field": "metadata.namespace",
        }
    ]


def test_a_name_is_generated_until_one_is_free(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    suffixes = iter(["aaaaa", "aaaaa", "bbbbb"])
    monkeypatch.setattr(admission, "_generated_name", lambda base: base + next(suffixes))
    nameless = msgspec.structs.replace(config_map(""), metadata=meta.ObjectMeta(generate_name="settings-"))
    created = [strategy.create(registry, nameless).metadata.name for _ in range(2)]
    assert created == ["settings-aaaaa", "settings-bbbbb"]


def test_generating_names_ends(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_generated_name", lambda base: f"{base}aaaaa")
    nameless = msgspec.structs.replace(config_map(""), metadata=meta.ObjectMeta(generate_name="settings-"))
    strategy.create(registry, nameless)
    with pytest.raises(errors.AlreadyExists) as caught:
        strategy.create(registry, nameless)
    assert str(caught.value) == (
        'configmaps "settings-aaaaa" already exists, the server was not able to generate a unique name for the object'
    )


def test_an_attempt_stores_nothing(registry: Registry) -> None:
    before = version(registry)
    assert strategy.create(registry, pod(), dry_run=True).status.phase == "Pending"
    assert strategy.create(registry, Namespace(metadata=meta.ObjectMeta(name="a")), dry_run=True).metadata.uid
    assert version(registry) == before


def test_messages_name_the_group_of_a_kind(registry: Registry) -> None:
    lease = Lease(metadata=meta.ObjectMeta(name="vm"))
    strategy.create(registry, lease)
    with pytest.raises(errors.AlreadyExists, match=r'^leases\.coordination\.k8s\.io "vm" already exists$') as caught:
        strategy.create(registry, lease)
    assert caught.value.details == {"name": "vm", "kind": "leases", "group": "coordination.k8s.io"}
    with pytest.raises(errors.Invalid, match=r'^RuntimeClass\.node\.k8s\.io "a" is invalid: handler: Invalid value'):
        strategy.create(registry, RuntimeClass(metadata=meta.ObjectMeta(name="a"), handler="B"))


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (annotations.RUN, "", "must be the id of a podrunner run"),
        (annotations.FAIL_FAST, "yes", 'must be "true" or "false"'),
        (annotations.NETWORK, "container:kubia", "must be the name of an engine network"),
        (annotations.PUBLISH, "80/udp", "must be [HOST:]PORT, as in 8080:80, commas between several"),
        (annotations.PUBLISH, "80,0", "must be between 1 and 65535, inclusive"),
        (annotations.PUBLISH, "70000:80", "must be between 1 and 65535, inclusive"),
    ],
)
def test_podrunners_own_annotations_make_sense(registry: Registry, key: str, value: str, problem: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        strategy.create(registry, pod(annotations={key: value}))
    assert str(caught.value) == (
        f'Pod "kubia" is invalid: metadata.annotations[{key}]: Invalid value: "{value}": {problem}'
    )


@pytest.mark.parametrize("value", ["80", ":80", "8080:80, 9090", ""])
def test_ports_to_publish_are_written_as_on_the_command_line(registry: Registry, value: str) -> None:
    strategy.create(registry, pod(annotations={annotations.PUBLISH: value}))


def test_the_status_is_kept_and_the_generation_counts_changes_of_the_spec(registry: Registry) -> None:
    stored = running(registry)
    container = Container(name="kubia", image="luksa/kubia:2.0")
    given = msgspec.structs.replace(
        changed(stored, labels={"a": "b"}, generation=7, self_link="/here"),
        spec=msgspec.structs.replace(stored.spec, containers=(container,)),
        status=PodStatus(phase="Failed"),
    )
    replaced = strategy.replace(registry, given)
    assert (replaced.status, replaced.metadata.generation) == (stored.status, 2)
    assert (replaced.metadata.labels, replaced.metadata.self_link) == ({"a": "b"}, "")
    assert replaced.spec.containers[0].image_pull_policy == "IfNotPresent", "defaults are filled in"
    relabelled = strategy.replace(registry, changed(replaced, labels={}))
    assert relabelled.metadata.generation == 2


def test_the_status_alone_is_written_through_its_subresource(registry: Registry) -> None:
    stored = running(registry)
    given = msgspec.structs.replace(
        changed(stored, labels={"a": "b"}), spec=PodSpec(), status=PodStatus(phase="Running")
    )
    replaced = strategy.replace(registry, given, subresource="status")
    assert (replaced.spec, replaced.metadata.generation) == (stored.spec, 1)
    assert replaced.status == PodStatus(phase="Running", qos_class="BestEffort")


def test_ephemeral_containers_are_added_through_their_subresource_alone(registry: Registry) -> None:
    stored = running(registry)
    ephemeral = EphemeralContainer(name="debug", image="busybox:1.36")
    spec = msgspec.structs.replace(stored.spec, ephemeral_containers=(ephemeral,), hostname="ignored")
    given = msgspec.structs.replace(changed(stored, labels={"a": "b"}), spec=spec)
    with pytest.raises(errors.Invalid, match="pod updates may not change fields other than"):
        strategy.replace(registry, given)
    replaced = strategy.replace(registry, given, subresource="ephemeralcontainers")
    assert [each.name for each in replaced.spec.ephemeral_containers] == ["debug"]
    assert (replaced.spec.hostname, replaced.metadata.labels, replaced.metadata.generation) == ("", {}, 2)


def test_what_is_invalid_is_told_with_its_causes(registry: Registry) -> None:
    stored = strategy.create(registry, config_map(data={"a": "b"}))
    with pytest.raises(errors.Invalid, match=r'^ConfigMap "settings" is invalid: data\[a/b\]: Invalid value'):
        strategy.replace(registry, msgspec.structs.replace(stored, data={"a/b": ""}))


def test_an_old_version_or_another_object_is_a_conflict(registry: Registry) -> None:
    first = strategy.create(registry, config_map())
    strategy.replace(registry, changed(first, labels={"a": "b"}))
    with pytest.raises(errors.Conflict, match="the object has been modified"):
        strategy.replace(registry, changed(first, labels={"a": "c"}))
    with pytest.raises(errors.Conflict, match="the UID in the precondition"):
        strategy.replace(registry, changed(first, uid="other", resource_version=""))


def test_without_a_version_it_overwrites_but_for_leases(registry: Registry) -> None:
    strategy.create(registry, config_map())
    assert strategy.replace(registry, config_map(namespace="default", labels={"a": "b"})).metadata.labels
    strategy.create(registry, Lease(metadata=meta.ObjectMeta(name="vm")))
    with pytest.raises(errors.Invalid, match=r"metadata\.resourceVersion: .*must be specified for an update"):
        strategy.replace(registry, Lease(metadata=meta.ObjectMeta(name="vm", namespace="default")))


def test_an_attempt_changes_nothing(registry: Registry) -> None:
    stored = strategy.create(registry, config_map())
    before = version(registry)
    assert strategy.replace(registry, changed(stored, labels={"a": "b"}), dry_run=True).metadata.labels == {"a": "b"}
    assert version(registry) == before


def test_a_service_keeps_the_address_that_it_does_not_name(registry: Registry) -> None:
    spec = ServiceSpec(cluster_ip="10.96.0.7", ports=(ServicePort(port=80),))
    strategy.create(registry, Service(metadata=meta.ObjectMeta(name="kubia"), spec=spec))
    given = Service(
        metadata=meta.ObjectMeta(name="kubia", namespace="default"), spec=ServiceSpec(ports=(ServicePort(port=81),))
    )
    assert strategy.replace(registry, given).spec.cluster_ips == ("10.96.0.7",)


def test_a_node_has_its_status_apart(registry: Registry) -> None:
    stored = strategy.create(registry, Node(metadata=meta.ObjectMeta(name="vm"), status=NodeStatus(phase="Running")))
    given = msgspec.structs.replace(stored, spec=NodeSpec(unschedulable=True), status=NodeStatus())
    replaced = strategy.replace(registry, given)
    assert (replaced.spec.unschedulable, replaced.status.phase) == (True, "Running")
    back = strategy.replace(registry, changed(given, resource_version=""), subresource="status")
    assert (back.spec.unschedulable, back.status.phase) == (True, "")


def test_podrunners_own_annotations_stay(registry: Registry) -> None:
    stored = running(registry, annotations={annotations.NETWORK: "backend"})
    with pytest.raises(errors.Invalid) as caught:
        strategy.replace(registry, changed(stored, annotations={annotations.NETWORK: "host"}))
    assert str(caught.value) == (
        'Pod "kubia" is invalid: metadata.annotations[podrunner.dev/network]: Invalid value: "host": field is immutable'
    )
    strategy.replace(registry, changed(stored, annotations={annotations.NETWORK: "backend", "a": "b"}))


def test_an_object_goes_at_once(registry: Registry) -> None:
    strategy.create(registry, config_map())
    gone = strategy.delete(registry, CONFIG_MAP, "default", "settings", ANY)
    assert (gone.object.metadata.name, gone.shown) == ("settings", False)
    assert "settings" not in names(registry, CONFIG_MAP)


def test_a_running_pod_is_marked(registry: Registry) -> None:
    running(registry)
    gone = strategy.delete(registry, pods.POD, "default", "kubia", ANY)
    assert (gone.object.metadata.deletion_grace_period_seconds, gone.shown) == (30, True)
    assert names(registry, pods.POD) == ["kubia"]


def test_a_pod_without_grace_goes_at_once_unless_it_is_to_stay(registry: Registry) -> None:
    for name in ("first", "second"):
        running(registry, name)
    strategy.delete(registry, pods.POD, "default", "first", NOW)
    stays = msgspec.structs.replace(NOW, propagation_policy="Foreground")
    strategy.delete(registry, pods.POD, "default", "second", stays)
    assert names(registry, pods.POD) == ["second"]
    strategy.delete(registry, pods.POD, "default", "second", ANY)
    assert names(registry, pods.POD) == [], "its grace period is over already"


def test_a_pod_that_has_ended_goes_at_once(registry: Registry) -> None:
    uid = running(registry).metadata.uid
    pods.write_status(registry, "default", "kubia", uid, PodStatus(phase="Succeeded"))
    strategy.delete(registry, pods.POD, "default", "kubia", ANY)
    assert names(registry, pods.POD) == []


def test_finalizers_keep_an_object_until_the_last_is_gone(registry: Registry) -> None:
    strategy.create(registry, config_map(finalizers=("a/b", "c/d")))
    gone = strategy.delete(registry, CONFIG_MAP, "default", "settings", ANY)
    assert (gone.object.metadata.deletion_grace_period_seconds, gone.shown) == (0, True)
    again = strategy.delete(registry, CONFIG_MAP, "default", "settings", ANY)
    assert again.object == gone.object
    one = strategy.replace(registry, changed(gone.object, finalizers=("a/b",)))
    assert "settings" in names(registry, CONFIG_MAP)
    strategy.replace(registry, changed(one, finalizers=()))
    assert "settings" not in names(registry, CONFIG_MAP)


def test_finalizers_keep_a_pod_after_its_containers(registry: Registry) -> None:
    uid = running(registry, finalizers=("a/b",)).metadata.uid
    strategy.delete(registry, pods.POD, "default", "kubia", NOW)
    pods.remove(registry, "default", "kubia", uid)
    before = version(registry)
    pods.remove(registry, "default", "kubia", uid)
    assert version(registry) == before
    kept = registry.get(pods.POD, "default", "kubia")
    strategy.replace(registry, changed(kept, finalizers=()))
    assert names(registry, pods.POD) == []


def test_an_update_of_a_pod_that_ends_does_not_end_it_early(registry: Registry) -> None:
    running(registry)
    stays = msgspec.structs.replace(NOW, propagation_policy="Foreground")
    marked = strategy.delete(registry, pods.POD, "default", "kubia", stays).object
    strategy.replace(registry, changed(marked, labels={"a": "b"}))
    assert names(registry, pods.POD) == ["kubia"]


def test_only_the_one_meant_is_deleted(registry: Registry) -> None:
    strategy.create(registry, config_map())
    other = options.DeleteOptions(preconditions=options.Preconditions(uid="other"))
    with pytest.raises(errors.Conflict, match=r"the UID in the precondition \(other\) does not match"):
        strategy.delete(registry, CONFIG_MAP, "default", "settings", other)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (
            options.DeleteOptions(propagation_policy="Never"),
            (
                'propagationPolicy: Unsupported value: "Never": supported values:'
                ' "Foreground", "Background", "Orphan", "nil"'
            ),
        ),
        (
            options.DeleteOptions(propagation_policy="Orphan", orphan_dependents=True),
            ('propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set'),
        ),
    ],
)
def test_options_make_sense(registry: Registry, asked: options.DeleteOptions, problem: str) -> None:
    strategy.create(registry, config_map())
    with pytest.raises(errors.Invalid) as caught:
        strategy.delete(registry, CONFIG_MAP, "default", "settings", asked)
    assert str(caught.value) == f'DeleteOptions.meta.k8s.io "" is invalid: {problem}'


def test_an_attempt_deletes_nothing(registry: Registry) -> None:
    running(registry)
    strategy.create(registry, config_map(finalizers=("a/b",)))
    strategy.create(registry, Namespace(metadata=meta.ObjectMeta(name="brief")))
    before = version(registry)
    for kind, namespace, name in (
        (pods.POD, "default", "kubia"),
        (CONFIG_MAP, "default", "settings"),
        (namespaces.NAMESPACE, "", "brief"),
    ):
        for asked in (ANY, NOW):
            strategy.delete(registry, kind, namespace, name, asked, dry_run=True)
    assert version(registry) == before


def test_a_collection_is_what_is_selected(registry: Registry) -> None:
    for name, colour in (("a", "red"), ("b", "green"), ("c", "red")):
        strategy.create(registry, config_map(name, labels={"colour": colour}))
    gone = strategy.delete_collection(
        registry, CONFIG_MAP, "default", selectors.parse("colour=red"), selectors.EVERY_FIELD, ANY
    )
    assert [obj.metadata.name for obj in gone.items] == ["a", "c"]
    assert names(registry, CONFIG_MAP) == ["b"]


def test_what_every_namespace_has_comes_back(registry: Registry) -> None:
    system.publish_certificate(registry, "PEM")
    account = strategy.delete(registry, kinds.of(ServiceAccount()), "default", "default", ANY).object
    strategy.delete(registry, CONFIG_MAP, "default", "kube-root-ca.crt", ANY)
    assert registry.get(kinds.of(ServiceAccount()), "default", "default").metadata.uid != account.metadata.uid
    assert registry.get(CONFIG_MAP, "default", "kube-root-ca.crt").data == {"ca.crt": "PEM"}


def test_an_evicted_pod_is_deleted(registry: Registry) -> None:
    running(registry)
    about = meta.ObjectMeta(name="kubia", namespace="default")
    strategy.evict(registry, options.Eviction(metadata=about), dry_run=True)
    assert registry.get(pods.POD, "default", "kubia").metadata.deletion_timestamp is None
    strategy.evict(registry, options.Eviction(metadata=about))
    assert registry.get(pods.POD, "default", "kubia").metadata.deletion_timestamp is not None


def test_a_pod_is_given_to_a_node_once(registry: Registry) -> None:
    strategy.create(registry, pod())
    binding = options.Binding(
        metadata=meta.ObjectMeta(name="kubia", namespace="default", annotations={"a": "b"}),
        target=meta.ObjectReference(kind="Node", name="vm"),
    )
    strategy.bind(registry, binding)
    bound = registry.get(pods.POD, "default", "kubia")
    assert (bound.spec.node_name, bound.metadata.annotations) == ("vm", {"a": "b"})
    with pytest.raises(errors.Conflict, match='pod kubia is already assigned to node "vm"'):
        strategy.bind(registry, binding)


def test_a_binding_names_a_node(registry: Registry) -> None:
    strategy.create(registry, pod())
    about = meta.ObjectMeta(name="kubia", namespace="default")
    with pytest.raises(errors.Invalid) as caught:
        strategy.bind(registry, options.Binding(metadata=about, target=meta.ObjectReference(kind="Minion")))
    assert str(caught.value) == (
        'Binding "kubia" is invalid: [target.kind: Unsupported value: "Minion": supported values:'
        ' "Node", "<empty>", target.name: Required value]'
    )
