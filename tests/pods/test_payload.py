"""What podrunner writes into volumes.

Obligations of `MakePayload` and `CollectData`, kubernetes pkg/volume/{configmap,secret,downwardapi,projected}.
"""

from typing import Any

import pytest

import pod_cases
from pod_cases import changed
from podrunner import errors
from podrunner.objects import meta
from podrunner.objects.config import ConfigMap, Secret
from podrunner.objects.container import ResourceRequirements
from podrunner.objects.pod import Pod
from podrunner.objects.security import PodSecurityContext, SecurityContext
from podrunner.objects.volume import (
    ConfigMapProjection,
    ConfigMapVolumeSource,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    KeyToPath,
    ProjectedVolumeSource,
    SecretProjection,
    SecretVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeProjection,
)
from podrunner.pods import payload
from podrunner.pods.configuration import Configuration, references
from podrunner.pods.payload import Contents, File

COLORS = ConfigMap(
    metadata=meta.ObjectMeta(name="colors", resource_version="7"),
    data={"sky": "blue", "grass": "green"},
    binary_data={"raw": b"\x00"},
)
KEYS = Secret(metadata=meta.ObjectMeta(name="keys", resource_version="8"), data={"door": b"1234"})
HAS = Contents(
    Configuration(config_maps={"colors": COLORS}, secrets={"keys": KEYS}, allocatable={"cpu": "2"}),
    ("172.18.0.2",),
    token=lambda source: f"token for {source.audience}",
)
LABELS = DownwardAPIVolumeFile(path="info/labels", field_ref=meta.ObjectFieldSelector(field_path="metadata.labels"))
CPU = DownwardAPIVolumeFile(
    path="cpu", mode=0o600, resource_field_ref=meta.ResourceFieldSelector(container_name="kubia", resource="limits.cpu")
)


def pod(**security: Any) -> Pod:
    subject = pod_cases.pod()
    about = changed(subject.metadata, labels={"b": 'x "y"', "a": "1"})
    spec = changed(subject.spec, security_context=PodSecurityContext(**security)) if security else subject.spec
    return changed(subject, metadata=about, spec=spec)


def files(subject: Pod | None = None, has: Contents = HAS, **source: Any) -> dict[str, File]:
    return dict(payload.of(subject or pod(), Volume(name="v", **source), has))


def problem(**source: Any) -> str:
    with pytest.raises(errors.MountError) as refused:
        files(**source)
    return str(refused.value)


def test_every_key_of_a_config_map_is_a_file() -> None:
    assert files(config_map=ConfigMapVolumeSource(name="colors", default_mode=0o640)) == {
        "grass": File(b"green", 0o640),
        "raw": File(b"\x00", 0o640),
        "sky": File(b"blue", 0o640),
    }


def test_items_choose_keys_paths_modes_and_owners() -> None:
    items = (KeyToPath(key="door", path="a/b", mode=0o400, user=7), KeyToPath(key="door", path="c"))
    assert files(secret=SecretVolumeSource(secret_name="keys", items=items, default_user=9)) == {
        "a/b": File(b"1234", 0o400, 7),
        "c": File(b"1234", 0o644, 9),
    }


def test_what_is_missing_is_told_in_the_kubelets_words() -> None:
    absent = (KeyToPath(key="zz", path="zz"),)
    assert problem(config_map=ConfigMapVolumeSource(name="nope")) == 'configmap "nope" not found'
    assert problem(secret=SecretVolumeSource(secret_name="nope")) == 'secret "nope" not found'
    expected = "configmap references non-existent config key: zz"
    assert problem(config_map=ConfigMapVolumeSource(name="colors", items=absent)) == expected
    expected = "references non-existent secret key: zz"
    assert problem(secret=SecretVolumeSource(secret_name="keys", items=absent)) == expected


def test_what_is_missing_and_optional_is_no_file() -> None:
    absent = (KeyToPath(key="zz", path="zz"),)
    assert files(config_map=ConfigMapVolumeSource(name="nope", optional=True)) == {}
    assert files(secret=SecretVolumeSource(secret_name="nope", optional=True)) == {}
    assert files(config_map=ConfigMapVolumeSource(name="colors", items=absent, optional=True)) == {}
    assert files(secret=SecretVolumeSource(secret_name="keys", items=absent, optional=True)) == {}


def test_the_pod_tells_of_itself() -> None:
    assert files(downward_api=DownwardAPIVolumeSource(items=(LABELS, CPU))) == {
        "info/labels": File(b'a="1"\nb="x \\"y\\""'),
        "cpu": File(b"2", 0o600),
    }
    limited = changed(pod_cases.KUBIA, resources=ResourceRequirements(limits={"cpu": "1500m"}))
    subject = pod_cases.pod(mains=(limited,))
    assert files(subject, downward_api=DownwardAPIVolumeSource(items=(CPU,))) == {"cpu": File(b"2", 0o600)}


def test_a_projected_volume_has_all_of_its_sources() -> None:
    sources = (
        VolumeProjection(config_map=ConfigMapProjection(name="colors", items=(KeyToPath(key="sky", path="sky"),))),
        VolumeProjection(secret=SecretProjection(name="keys")),
        VolumeProjection(downward_api=DownwardAPIProjection(items=(CPU,))),
        VolumeProjection(service_account_token=ServiceAccountTokenProjection(audience="vault", path="token")),
        VolumeProjection(secret=SecretProjection(name="nope", optional=True)),
    )
    assert files(projected=ProjectedVolumeSource(sources=sources, default_mode=0o444)) == {
        "sky": File(b"blue", 0o444),
        "door": File(b"1234", 0o444),
        "cpu": File(b"2", 0o600),
        "token": File(b"token for vault", 0o444),
    }


def test_a_token_is_for_the_user_alone_that_all_containers_run_as() -> None:
    token = VolumeProjection(service_account_token=ServiceAccountTokenProjection(path="token"))
    source = ProjectedVolumeSource(sources=(token,))
    assert files(pod(run_as_user=1000), projected=source)["token"] == File(b"token for ", 0o600, 1000)
    other = changed(pod_cases.KUBIA, security_context=SecurityContext(run_as_user=2000))
    differing = changed(pod_cases.pod(mains=(other,)), spec=pod_cases.pod(mains=(other,)).spec)
    assert files(differing, projected=source)["token"] == File(b"token for ", 0o644)


def test_files_belong_to_the_pods_group_which_may_read_them() -> None:
    found = files(pod(fs_group=3000), secret=SecretVolumeSource(secret_name="keys", default_mode=0o400))
    assert found == {"door": File(b"1234", 0o440, None, 3000)}


def test_the_stamp_changes_with_what_the_files_are_made_from_and_with_nothing_else() -> None:
    of_colors = Volume(name="v", config_map=ConfigMapVolumeSource(name="colors"))
    of_pod = Volume(name="w", downward_api=DownwardAPIVolumeSource(items=(LABELS,)))
    newer = changed(COLORS, metadata=changed(COLORS.metadata, resource_version="9"))
    changed_colors = changed(HAS, configuration=changed(HAS.configuration, config_maps={"colors": newer}))
    relabelled = changed(pod(), metadata=changed(pod().metadata, labels={}))
    assert payload.stamp(pod(), of_colors, HAS) == payload.stamp(relabelled, of_colors, HAS)
    assert payload.stamp(pod(), of_colors, HAS) != payload.stamp(pod(), of_colors, changed_colors)
    assert payload.stamp(pod(), of_pod, HAS) == payload.stamp(pod(), of_pod, changed_colors)
    assert payload.stamp(pod(), of_pod, HAS) != payload.stamp(relabelled, of_pod, HAS)


def test_a_token_is_made_anew_when_four_fifths_of_its_life_are_over() -> None:
    source = ServiceAccountTokenProjection(path="token", expiration_seconds=1000)
    volume = Volume(
        name="v", projected=ProjectedVolumeSource(sources=(VolumeProjection(service_account_token=source),))
    )
    subject = changed(pod(), metadata=changed(pod().metadata, creation_timestamp=pod_cases.at(0)))

    def stamp(seconds: float) -> str:
        return payload.stamp(subject, volume, changed(HAS, now=pod_cases.at(seconds)))

    assert stamp(0) == stamp(799)
    assert stamp(799) != stamp(800)
    assert payload.next_token_at(subject, volume, pod_cases.at(799)) == pod_cases.at(800)
    assert payload.next_token_at(subject, volume, pod_cases.at(800)) == pod_cases.at(1600)


def test_volumes_refer_to_what_they_are_made_from() -> None:
    sources = (
        VolumeProjection(config_map=ConfigMapProjection(name="a")),
        VolumeProjection(secret=SecretProjection(name="b")),
    )
    volumes = (
        Volume(name="v", projected=ProjectedVolumeSource(sources=sources)),
        Volume(name="w", config_map=ConfigMapVolumeSource(name="c")),
        Volume(name="x", secret=SecretVolumeSource(secret_name="d")),
    )
    found = references(changed(pod(), spec=changed(pod().spec, volumes=volumes)))
    assert found.config_maps == {"a", "c"}
    assert found.secrets == {"b", "d"}
