"""The order is the Docker CLI's. Only files below `tmp_path` are read."""

import json
import socket
from hashlib import sha256
from pathlib import Path

import pytest

from podrunner import errors
from podrunner.engine import address


def add_context(
    config_dir: Path, name: str, host: str, *, skip_verify: bool = False, tls: tuple[str, ...] = ()
) -> Path:
    digest = sha256(name.encode()).hexdigest()
    meta = config_dir / "contexts/meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": skip_verify}}}))
    folder = config_dir / "contexts/tls" / digest / "docker"
    for file in tls:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def select(config_dir: Path, content: str) -> None:
    (config_dir / "config.json").write_text(content)


@pytest.mark.parametrize(
    ("environ", "current", "url", "source"),
    [
        ({"DOCKER_HOST": "unix:///run/x.sock", "DOCKER_CONTEXT": "work"}, "home", "unix:///run/x.sock", "DOCKER_HOST"),
        ({"DOCKER_HOST": "build:2375"}, "home", "tcp://build:2375", "DOCKER_HOST"),
        ({"DOCKER_CONTEXT": "work"}, "home", "ssh://work", "context 'work' of DOCKER_CONTEXT"),
        ({}, "home", "unix:///home.sock", "context 'home' of {config}"),
        ({"DOCKER_HOST": "", "DOCKER_CONTEXT": ""}, "home", "unix:///home.sock", "context 'home' of {config}"),
        ({"DOCKER_CONTEXT": "default"}, "home", "unix:///var/run/docker.sock", "the well-known sockets"),
        ({}, "default", "unix:///var/run/docker.sock", "the well-known sockets"),
        ({}, "", "unix:///var/run/docker.sock", "the well-known sockets"),
    ],
)
def test_the_address_is_what_the_docker_cli_would_use(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    current: str,
    url: str,
    source: str,
) -> None:
    monkeypatch.setattr(address, "first_usable", lambda sockets: sockets[0])
    add_context(tmp_path, "work", "ssh://work")
    add_context(tmp_path, "home", "unix:///home.sock")
    select(tmp_path, json.dumps({"currentContext": current}))
    found = address.resolve({"DOCKER_CONFIG": str(tmp_path)} | environ)
    assert found == address.Address(url=url, source=source.format(config=tmp_path / "config.json"))


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', "{}"])
def test_a_config_without_a_context_is_passed_over(tmp_path: Path, content: str) -> None:
    select(tmp_path, content)
    assert address.resolve({}, tmp_path).source == "the well-known sockets"


def test_the_config_is_in_the_home_directory_unless_said_otherwise(tmp_path: Path) -> None:
    assert address.config_directory({"HOME": str(tmp_path)}) == tmp_path / ".docker"
    assert address.config_directory({"HOME": str(tmp_path), "DOCKER_CONFIG": "/etc/docker-cli"}) == Path(
        "/etc/docker-cli"
    )


def test_a_context_that_does_not_exist_is_named_with_who_wants_it(tmp_path: Path) -> None:
    with pytest.raises(errors.EngineUnreachable) as refused:
        address.resolve({"DOCKER_CONTEXT": "gone"}, tmp_path)
    assert str(refused.value) == (
        "Docker context 'gone' (from DOCKER_CONTEXT) does not exist; `docker context ls` lists those that do"
    )


def test_a_context_without_an_endpoint_is_an_error(tmp_path: Path) -> None:
    add_context(tmp_path, "odd", "unix:///x")
    meta = next(tmp_path.glob("contexts/meta/*/meta.json"))
    meta.write_text('{"Endpoints": {}}')
    with pytest.raises(errors.EngineUnreachable, match=r"has no usable endpoint in .*meta\.json: KeyError"):
        address.resolve({"DOCKER_CONTEXT": "odd"}, tmp_path)


def test_tls_of_the_environment_takes_what_the_certificate_folder_has(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    environ = {"DOCKER_HOST": "tcp://build:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    assert address.resolve(environ, Path("/nowhere")).tls == address.TLS(verify=True, ca=tmp_path / "ca.pem")
    environ["DOCKER_TLS_VERIFY"] = ""
    assert address.resolve(environ, Path("/nowhere")).tls is None


def test_tls_of_a_context_is_its_own(tmp_path: Path) -> None:
    folder = add_context(tmp_path, "far", "tcp://far:2376", tls=("ca.pem", "cert.pem", "key.pem"))
    add_context(tmp_path, "lax", "tcp://lax:2376", skip_verify=True)
    assert address.resolve({"DOCKER_CONTEXT": "far"}, tmp_path).tls == address.TLS(
        verify=True, ca=folder / "ca.pem", cert=folder / "cert.pem", key=folder / "key.pem"
    )
    assert address.resolve({"DOCKER_CONTEXT": "lax"}, tmp_path).tls == address.TLS(verify=False)


def test_the_first_socket_there_is_is_used(tmp_path: Path) -> None:
    absent, file, listening = tmp_path / "absent", tmp_path / "file", tmp_path / "listening"
    file.touch()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening))
        assert address.first_usable([absent, file, listening]) == listening
    assert address.first_usable([absent, file]) == absent


def test_a_rootless_engine_of_the_user_is_among_the_well_known_ones() -> None:
    sockets = address.well_known_sockets({"HOME": "/home/ann", "XDG_RUNTIME_DIR": "/run/user/1000"})
    assert [str(path) for path in sockets] == [
        "/var/run/docker.sock",
        "/run/user/1000/docker.sock",
        "/home/ann/.docker/run/docker.sock",
        "/home/ann/.docker/desktop/docker.sock",
        "/home/ann/.colima/default/docker.sock",
        "/home/ann/.orbstack/run/docker.sock",
        "/home/ann/.rd/docker.sock",
    ]
