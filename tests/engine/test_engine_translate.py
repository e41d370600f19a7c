import msgspec

from podrunner.engine import ports, translate
from podrunner.objects import container, meta, pod

UNCAPPED = {
    "Type": "json-file",
    "Config": {"max-size": "1000000g", "max-file": "1", "compress": "false", "mode": "blocking"},
}
NGINX = container.Container(name="nginx", image="nginx:1.27")
WEB = pod.Pod(metadata=meta.ObjectMeta(name="web", namespace="shop", uid="0e0d"), spec=pod.PodSpec(containers=(NGINX,)))
POD_LABELS = {
    "io.kubernetes.pod.name": "web",
    "io.kubernetes.pod.namespace": "shop",
    "io.kubernetes.pod.uid": "0e0d",
    "podrunner.dev/instance": "mine",
    "podrunner.dev/attempt": "1",
}


SANDBOX_LABELS = POD_LABELS | {"io.kubernetes.container.name": "POD", "io.kubernetes.docker.type": "podsandbox"}


def of_sandbox(subject: pod.Pod, *publish: ports.Published) -> dict[str, object]:
    return translate.sandbox_config(
        subject, instance="mine", attempt=1, network="cafe", pause_image="pause:1", publish=publish
    )


def of_container(subject: container.Container, in_pod: pod.Pod = WEB, **variables: str) -> dict[str, object]:
    return translate.container_config(
        in_pod, subject, instance="mine", attempt=1, sandbox_id="5eed", environment=variables
    )


def test_a_container_that_joins_another_sees_its_processes_wherever_the_others_are() -> None:
    shared = with_spec(share_process_namespace=True)
    config = translate.container_config(shared, NGINX, instance="mine", attempt=0, sandbox_id="5eed", joins="7a9e7")
    assert config["HostConfig"]["PidMode"] == "container:7a9e7"
    assert config["HostConfig"]["IpcMode"] == "container:5eed"


def with_spec(**changes: object) -> pod.Pod:
    return msgspec.structs.replace(WEB, spec=msgspec.structs.replace(WEB.spec, **changes))


def test_a_sandbox_holds_the_namespaces_and_has_no_privileges() -> None:
    assert of_sandbox(WEB) == {
        "Image": "pause:1",
        "Hostname": "web",
        "User": "65535:65535",
        "Labels": SANDBOX_LABELS,
        "ExposedPorts": {},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": "cafe",
            "IpcMode": "shareable",
            "PortBindings": {},
            "CapDrop": ["ALL"],
            "CapAdd": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"],
            "Binds": [],
            "Mounts": [
                {"Type": "volume", "Target": "/podrunner/messages", "VolumeOptions": {"Labels": SANDBOX_LABELS}}
            ],
            "LogConfig": UNCAPPED,
            "RestartPolicy": {"Name": "no"},
        },
    }


def test_host_ports_and_published_ports_belong_to_the_sandbox() -> None:
    exposing = msgspec.structs.replace(NGINX, ports=(container.ContainerPort(container_port=80, host_port=8080),))
    config = of_sandbox(with_spec(containers=(exposing,)), ports.Published(container_port=443, host_port=8443))
    assert config["ExposedPorts"] == {"80/tcp": {}, "443/tcp": {}}
    host_config = config["HostConfig"]
    assert isinstance(host_config, dict)
    assert host_config["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
        "443/tcp": [{"HostIp": "", "HostPort": "8443"}],
    }


def test_a_shared_process_namespace_is_the_sandboxs() -> None:
    sharing = with_spec(share_process_namespace=True)
    joined = of_container(NGINX, sharing)["HostConfig"]
    assert isinstance(joined, dict)
    assert joined["PidMode"] == "container:5eed"


def test_the_host_name_is_the_pods_or_what_it_says() -> None:
    assert translate.hostname(WEB) == "web"
    assert translate.hostname(with_spec(hostname="front")) == "front"


def test_a_host_name_too_long_for_the_kernel_is_cut_as_the_kubelet_does() -> None:
    named = msgspec.structs.replace(WEB, metadata=meta.ObjectMeta(name="a" * 61 + ".-b" + "c" * 20))
    assert translate.hostname(named) == "a" * 61


def test_a_container_joins_the_sandbox_and_leaves_the_rest_to_its_image() -> None:
    assert of_container(NGINX) == {
        "Image": "nginx:1.27",
        "Env": [],
        "Labels": POD_LABELS
        | {
            "io.kubernetes.container.name": "nginx",
            "io.kubernetes.docker.type": "container",
            "io.kubernetes.sandbox.id": "5eed",
        },
        "Healthcheck": {"Test": ["NONE"]},
        "OpenStdin": False,
        "StdinOnce": False,
        "Tty": False,
        "HostConfig": {
            "NetworkMode": "container:5eed",
            "IpcMode": "container:5eed",
            "CpuShares": 2,
            "OomScoreAdj": 1000,
            "Mounts": [],
            "LogConfig": UNCAPPED,
            "RestartPolicy": {"Name": "no"},
        },
    }


def test_command_is_the_entrypoint_and_args_are_the_command() -> None:
    subject = msgspec.structs.replace(NGINX, command=("sh", "-c"), args=("exit 3",), working_dir="/srv")
    config = of_container(subject)
    assert (config["Entrypoint"], config["Cmd"], config["WorkingDir"]) == (["sh", "-c"], ["exit 3"], "/srv")


def test_args_alone_keep_the_images_entrypoint() -> None:
    config = of_container(msgspec.structs.replace(NGINX, args=("-g", "daemon off;")))
    assert config["Cmd"] == ["-g", "daemon off;"]
    assert "Entrypoint" not in config


def test_command_and_arguments_expand_the_variables() -> None:
    subject = msgspec.structs.replace(NGINX, command=("echo", "$(URL)", "$(NONE)"), args=("$(HOST)",))
    config = of_container(subject, URL="pg://db/$(HOST)", HOST="db2")
    assert config["Env"] == ["URL=pg://db/$(HOST)", "HOST=db2"]
    assert config["Entrypoint"] == ["echo", "pg://db/$(HOST)", "$(NONE)"]
    assert config["Cmd"] == ["db2"]


def test_a_terminal_and_standard_input_are_as_the_container_says() -> None:
    config = of_container(msgspec.structs.replace(NGINX, stdin=True, stdin_once=True, tty=True))
    assert (config["OpenStdin"], config["StdinOnce"], config["Tty"]) == (True, True, True)


def test_a_container_finds_a_file_of_the_sandboxes_volume_at_its_termination_message_path() -> None:
    leaving = msgspec.structs.replace(NGINX, termination_message_path="/dev/termination-log")
    file = translate.MessageFile(volume="v01", directory="/var/lib/v01", name="7", by_path=True)
    assert mounts_of(leaving, file) == [{"Type": "bind", "Source": "/var/lib/v01/7", "Target": "/dev/termination-log"}]
    assert mounts_of(leaving, msgspec.structs.replace(file, by_path=False)) == [
        {
            "Type": "volume",
            "Source": "v01",
            "Target": "/dev/termination-log",
            "VolumeOptions": {"NoCopy": True, "Subpath": "7"},
        }
    ]


def mounts_of(subject: container.Container, file: translate.MessageFile) -> object:
    config = translate.container_config(WEB, subject, instance="mine", attempt=0, sandbox_id="5eed", message_file=file)
    return config["HostConfig"]["Mounts"]


def test_a_stop_signal_of_the_spec_takes_the_place_of_the_images() -> None:
    asked = msgspec.structs.replace(NGINX, lifecycle=container.Lifecycle(stop_signal="SIGUSR1"))
    assert of_container(asked)["StopSignal"] == "SIGUSR1"
    assert "StopSignal" not in of_container(NGINX)
