"""When volumes are written, and when a pod waits for what they are made of."""

from typing import Any

from msgspec import structs

import pod_cases
from pod_cases import KUBIA, at, changed, created, planned, remembering, running, sandbox, see
from podrunner.objects import meta
from podrunner.objects.config import ConfigMap
from podrunner.objects.container import EnvVar, EnvVarSource, VolumeMount
from podrunner.objects.pod import Pod
from podrunner.objects.volume import (
    ConfigMapVolumeSource,
    EmptyDirVolumeSource,
    HostPathVolumeSource,
    PersistentVolumeClaimVolumeSource,
    Volume,
)
from podrunner.pods import memory, mounting, payload, plan, view
from podrunner.pods.configuration import Configuration

COLORS = ConfigMap(metadata=meta.ObjectMeta(name="colors", resource_version="7"), data={"sky": "blue"})
HAS = Configuration(config_maps={"colors": COLORS})
OF_COLORS = Volume(name="config", config_map=ConfigMapVolumeSource(name="colors"))
WORK = Volume(name="work", empty_dir=EmptyDirVolumeSource())
HOLDING = changed(pod_cases.pod(), spec=changed(pod_cases.pod().spec, volumes=(OF_COLORS,)))
STAMP = mounting.stamps_of(HOLDING, payload.Contents(HAS, sandbox().ips))["config"]
WRITTEN = {"sandbox-0": {"config": view.Written(STAMP, "d1")}}


def pod(*volumes: Volume, kubia: Any = KUBIA) -> Pod:
    subject = pod_cases.pod(inits=(), mains=(kubia,))
    return changed(subject, spec=changed(subject.spec, volumes=volumes))


def seen(*what: Any, subject: Pod, has: Configuration = HAS, now: float = 1, **entries: Any) -> view.View:
    looked = see(*what, pod=subject, now=now, memory=remembering(**entries))
    return structs.replace(looked, configuration=has)


def failures(count: int, last: float, **facts: Any) -> view.MountFailures:
    return view.MountFailures("config", count, at(0), at(last), **facts)


def test_nothing_of_a_pod_begins_before_what_its_volumes_are_made_of_is_there() -> None:
    missing = seen(subject=pod(OF_COLORS), has=Configuration())
    assert planned(missing) == 'ReportMountFailure config: configmap "colors" not found'
    of_claim = Volume(name="data", persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name="data"))
    assert planned(seen(subject=pod(of_claim))) == 'ReportMountFailure data: persistentvolumeclaim "data" not found'


def test_it_is_looked_for_again_after_half_a_second_and_then_after_twice_as_long_each_time() -> None:
    def waits(count: int, now: float) -> str:
        told = failures(count, 10, told=True)
        return planned(seen(subject=pod(OF_COLORS), has=Configuration(), now=now, mount_failures=told))

    assert waits(1, 10.1) == "wake at 12:00:10"
    assert waits(1, 10.5).startswith("ReportMountFailure config")
    assert waits(3, 11.9) == "wake at 12:00:12"
    assert waits(3, 12).startswith("ReportMountFailure config")
    assert waits(20, 131) == "wake at 12:02:12"


def test_that_it_takes_long_is_said_once_after_two_minutes_and_three_seconds() -> None:
    patient = seen(subject=pod(OF_COLORS), has=Configuration(), now=123, mount_failures=failures(8, 63))
    assert planned(patient) == (
        "ReportMountTimeout pod: the volumes have been an obstacle for two minutes\nwake at 12:02:07"
    )
    told = memory.mount_timeout_told(remembering(mount_failures=failures(8, 63)))
    assert told.mount_failures is not None
    assert told.mount_failures.told


def test_as_soon_as_it_is_there_the_pod_begins() -> None:
    begins = planned(seen(subject=pod(OF_COLORS), now=10.1, mount_failures=failures(9, 10)))
    assert begins.startswith("CreateSandbox #0: the pod has no sandbox")


def test_what_the_engine_could_not_mount_is_tried_again_later() -> None:
    refused = failures(1, 10, of_engine=True)
    subject = pod(Volume(name="host", host_path=HostPathVolumeSource(path="/nope", type="File")))
    assert planned(seen(subject=subject, now=10.1, mount_failures=refused)) == "wake at 12:00:10"
    assert planned(seen(subject=subject, now=10.5, mount_failures=refused)).startswith("CreateSandbox #0")


def test_volumes_are_written_when_the_sandbox_runs_and_no_container_starts_before() -> None:
    early = seen(sandbox("created"), created("kubia"), subject=pod(OF_COLORS))
    assert planned(early) == "StartSandbox sandbox-0: the sandbox was created"
    due = seen(sandbox(), created("kubia"), subject=pod(OF_COLORS, WORK))
    assert planned(due) == "WriteVolumes sandbox-0: the sandbox runs"
    done = seen(sandbox(), created("kubia"), subject=pod(OF_COLORS, WORK), volumes=WRITTEN)
    assert planned(done) == "StartContainer kubia#0: the pod has no init containers"


def test_a_pod_whose_volumes_need_nothing_does_not_wait_for_them() -> None:
    memory_and_host = (
        Volume(name="fast", empty_dir=EmptyDirVolumeSource(medium="Memory")),
        Volume(name="host", host_path=HostPathVolumeSource(path="/srv")),
    )
    begins = seen(sandbox(), created("kubia"), subject=pod(*memory_and_host))
    assert planned(begins) == "StartContainer kubia#0: the pod has no init containers"


def writing(looked: view.View) -> plan.WriteVolumes:
    (operation,) = mounting.due(looked).operations
    assert isinstance(operation, plan.WriteVolumes)
    return operation


def test_the_first_writing_is_told_from_those_that_replace_what_a_container_may_be_reading() -> None:
    assert writing(seen(sandbox(), subject=pod(OF_COLORS))).first
    assert not writing(seen(sandbox(), running("kubia"), subject=pod(OF_COLORS))).first


def test_a_change_of_what_a_volume_is_made_of_is_written() -> None:
    quiet = seen(sandbox(), running("kubia"), subject=pod(OF_COLORS, WORK), volumes=WRITTEN)
    assert planned(quiet) == ""
    newer = changed(COLORS, metadata=changed(COLORS.metadata, resource_version="8"))
    due = structs.replace(quiet, configuration=Configuration(config_maps={"colors": newer}))
    assert planned(due) == "WriteVolumes sandbox-0: what config is made from has changed"
    assert writing(due).volumes == ("config",)
    assert writing(due).known == {"config": "d1"}
    assert not writing(due).first


def test_a_new_sandbox_has_its_volumes_written_anew() -> None:
    again = seen(sandbox("exited"), sandbox(attempt=1), subject=pod(OF_COLORS), volumes=WRITTEN)
    assert "WriteVolumes sandbox-1: the sandbox runs" in planned(again)


def test_a_container_that_mounts_a_part_of_a_volume_is_not_created_before_it_is_written() -> None:
    mounting_a_part = changed(KUBIA, volume_mounts=(VolumeMount(name="config", mount_path="/sky", sub_path="sky"),))
    subject = pod(OF_COLORS, kubia=mounting_a_part)
    assert planned(seen(sandbox("created"), subject=subject)) == "StartSandbox sandbox-0: the sandbox was created"
    assert planned(seen(sandbox(), subject=subject)) == "WriteVolumes sandbox-0: the sandbox runs"
    written = seen(sandbox(), subject=subject, volumes=WRITTEN)
    assert planned(written) == "CreateContainer kubia#0: the pod has no init containers"


def test_a_container_that_is_told_the_pods_address_is_not_created_before_there_is_one() -> None:
    ref = EnvVarSource(field_ref=meta.ObjectFieldSelector(field_path="status.podIP"))
    subject = pod(kubia=changed(KUBIA, env=(EnvVar(name="IP", value_from=ref),)))
    assert planned(seen(sandbox("created"), subject=subject)) == "StartSandbox sandbox-0: the sandbox was created"
    assert planned(seen(sandbox(), subject=subject)) == "CreateContainer kubia#0: the pod has no init containers"


def test_a_config_error_ends_when_what_the_pod_refers_to_changes() -> None:
    operation = plan.CreateContainer(
        container="kubia", attempt=0, sandbox_id="sandbox-0", was_present=True, cause="it is its turn"
    )
    failed = memory.config_failed(remembering(), operation, 'configmap "colors" not found', at(1))
    waits = structs.replace(seen(sandbox(), subject=pod(), now=2), memory=failed)
    assert planned(waits) == "wake at 12:00:11"
    again = structs.replace(waits, memory=memory.configuration_changed(failed))
    assert planned(again) == "CreateContainer kubia#0: the pod has no init containers"
    status = pod_cases.reported(waits).status.container_statuses[0].state.waiting
    assert status is not None
    assert (status.reason, status.message) == ("CreateContainerConfigError", 'configmap "colors" not found')


LIMITED = Volume(name="work", empty_dir=EmptyDirVolumeSource(size_limit="1Mi"))


def test_a_volume_on_disk_with_a_limit_is_measured_every_ten_seconds() -> None:
    up = (sandbox(), running("kubia"))
    written: Any = {"sandbox-0": {}}
    due = seen(*up, subject=pod(LIMITED), volumes=written)
    assert planned(due) == "MeasureVolumes sandbox-0: they have limits"
    measured = memory.volumes_measured(due.memory, "", at(1))
    assert planned(structs.replace(due, memory=measured, now=at(2))) == "wake at 12:00:11"
    assert planned(structs.replace(due, memory=measured, now=at(11))) == "MeasureVolumes sandbox-0: they have limits"
    in_memory = changed(LIMITED, empty_dir=EmptyDirVolumeSource(size_limit="1Mi", medium="Memory"))
    assert planned(seen(*up, subject=pod(in_memory), volumes=written)) == ""


def test_a_pod_with_more_in_a_volume_than_it_may_is_evicted() -> None:
    overfull = seen(sandbox(), running("kubia"), subject=pod(LIMITED), volumes={"sandbox-0": {}}, overfull="work")
    assert planned(overfull) == (
        "ReportEnd pod: a volume has more in it than it may\n"
        "SignalContainer kubia#0 with SIGTERM: a volume has more in it than it may\n"
        "wake at 12:00:31"
    )
    ended = seen(sandbox(), pod_cases.exited("kubia", 143), subject=pod(LIMITED), overfull="work",
                 messages={"kubia-0": ""}, reported=frozenset({("ReportEnd", "pod")}))  # fmt: skip
    status = pod_cases.reported(ended).status
    assert (status.phase, status.reason) == ("Failed", "Evicted")
    assert status.message == 'Usage of EmptyDir volume "work" exceeds the limit "1Mi". '


def test_volumes_are_not_written_any_more_when_the_pod_is_deleted() -> None:
    subject = pod_cases.deleted(pod(OF_COLORS))
    assert "WriteVolumes" not in planned(seen(sandbox(), running("kubia"), subject=subject))
