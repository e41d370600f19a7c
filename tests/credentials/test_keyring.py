"""Certificates that clients accept, made and renewed when they have to be and not otherwise."""

import ssl
import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from podrunner import errors
from podrunner.credentials import certificates, keyring, names

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def ring(tmp_path: Path) -> keyring.Keyring:
    return keyring.Keyring(tmp_path / "credentials")


def contents(ring: keyring.Keyring) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in ring.directory.iterdir()}


def keep(ring: keyring.Keyring, authority: certificates.Pair, server: certificates.Pair) -> None:
    ring.authority.write_bytes(authority.certificate)
    ring.authority_key.write_bytes(authority.key)
    ring.certificate.write_bytes(server.certificate)
    ring.key.write_bytes(server.key)


def certificate(ring: keyring.Keyring) -> x509.Certificate:
    return x509.load_pem_x509_certificate(ring.certificate.read_bytes())


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> Mapping[str, object]:
    """What the client is told of the server, both being in memory. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return sides[1].getpeercert() or {}


def test_everything_is_its_owner_s_alone_though_the_directory_was_not(ring: keyring.Keyring) -> None:
    ring.directory.mkdir(mode=0o755)
    keyring.open_for_server(ring, NOW)
    assert stat.S_IMODE(ring.directory.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in ring.directory.iterdir()}
    assert modes == dict.fromkeys(["ca.crt", "ca.key", "server.crt", "server.key", "token"], 0o600)


def test_what_is_there_and_good_is_left_as_it_is(ring: keyring.Keyring) -> None:
    first = keyring.open_for_server(ring, NOW)
    before = contents(ring)
    second = keyring.open_for_server(ring, NOW)
    assert contents(ring) == before
    assert (second.token, second.authority) == (first.token, first.authority)


def test_the_certificate_is_for_loopback_and_the_names_of_the_api_server(ring: keyring.Keyring) -> None:
    keyring.open_for_server(ring, NOW)
    alternatives = certificate(ring).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)]
    assert [*addresses, *alternatives.get_values_for_type(x509.DNSName)] == [
        "127.0.0.1",
        "::1",
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]


def test_certificates_were_valid_yesterday_already_for_clients_whose_clocks_are_behind(ring: keyring.Keyring) -> None:
    keyring.open_for_server(ring, NOW)
    authority = x509.load_pem_x509_certificate(ring.authority.read_bytes())
    assert certificate(ring).not_valid_before_utc == authority.not_valid_before_utc == NOW - timedelta(days=1)
    assert certificate(ring).not_valid_after_utc == NOW + timedelta(days=365)
    assert authority.not_valid_after_utc == NOW + timedelta(days=3650)


def test_no_tls_older_than_1_2_is_spoken(ring: keyring.Keyring) -> None:
    assert keyring.open_for_server(ring, NOW).context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("lost", ["server.crt", "server.key"])
@pytest.mark.parametrize("damaged", [True, False])
def test_a_server_s_certificate_that_is_lost_is_replaced_unnoticed_by_clients(
    lost: str, damaged: bool, ring: keyring.Keyring
) -> None:
    before = keyring.open_for_server(ring, NOW)
    (ring.directory / lost).write_text("no PEM") if damaged else (ring.directory / lost).unlink()
    after = keyring.open_for_server(ring, NOW)
    assert (after.authority, after.token) == (before.authority, before.token)
    shake_hands(after.context, ssl.create_default_context(cadata=before.authority))


def test_an_authority_that_is_damaged_is_replaced(ring: keyring.Keyring) -> None:
    before = keyring.open_for_server(ring, NOW)
    ring.authority.write_text("no PEM")
    after = keyring.open_for_server(ring, NOW)
    assert after.authority != before.authority
    shake_hands(after.context, ssl.create_default_context(cadata=after.authority))


@pytest.mark.parametrize(("days_old", "renewed"), [(334, False), (336, True)])
def test_a_certificate_is_renewed_a_month_before_its_end(days_old: int, renewed: bool, ring: keyring.Keyring) -> None:
    before = keyring.open_for_server(ring, NOW - timedelta(days=days_old))
    end = certificate(ring).not_valid_after_utc
    assert keyring.open_for_server(ring, NOW).authority == before.authority
    assert certificate(ring).not_valid_after_utc == (NOW + timedelta(days=365) if renewed else end)


def test_an_authority_is_prolonged_so_that_clients_which_know_the_old_one_still_accept_the_server(
    ring: keyring.Keyring,
) -> None:
    then = NOW - timedelta(days=3400)
    old = certificates.authority(then)
    ring.directory.mkdir()
    keep(ring, old, certificates.server(old, then))
    renewed = keyring.open_for_server(ring, NOW)
    assert renewed.authority.encode() != old.certificate
    for known in (old.certificate.decode(), renewed.authority):
        shake_hands(renewed.context, ssl.create_default_context(cadata=known))


def test_a_client_s_certificate_names_the_user_and_the_groups(ring: keyring.Keyring, tmp_path: Path) -> None:
    opened = keyring.open_for_server(ring, NOW)
    made = keyring.client_certificate(ring, "marko", ("readers", "writers"), NOW)
    client = strict_client(opened.authority, made, tmp_path)
    assert shake_hands(opened.context, client)["subject"] == (
        (("organizationName", "readers"),),
        (("organizationName", "writers"),),
        (("commonName", "marko"),),
    )


@pytest.mark.parametrize("signed_as", ["a client by another authority", "a server by ours"])
def test_a_certificate_that_is_not_a_client_s_of_ours_ends_the_handshake(
    signed_as: str, ring: keyring.Keyring, tmp_path: Path
) -> None:
    opened = keyring.open_for_server(ring, NOW)
    made = certificates.client(certificates.authority(NOW), names.OWNER, names.OWNERS_GROUPS, NOW)
    if signed_as == "a server by ours":
        made = certificates.Pair(ring.certificate.read_bytes(), ring.key.read_bytes())
    with pytest.raises(ssl.SSLError):
        shake_hands(opened.context, strict_client(opened.authority, made, tmp_path))


def test_a_token_that_is_lost_is_replaced(ring: keyring.Keyring) -> None:
    before = keyring.open_for_server(ring, NOW).token
    ring.token.write_text("\n")
    after = keyring.open_for_server(ring, NOW).token
    assert len(after) == len(before) == 43
    assert after != before


def test_a_place_where_nothing_can_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("a file")
    with pytest.raises(errors.ServerError, match=r"^cannot make the directory .*/credentials: File exists$"):
        keyring.open_for_server(keyring.Keyring(tmp_path / "credentials"), NOW)


def strict_client(authority: str, own: certificates.Pair, directory: Path) -> ssl.SSLContext:
    """A client as strict as Python's are from 3.13 on."""
    (directory / "client.pem").write_bytes(own.certificate + own.key)
    context = ssl.create_default_context(cadata=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_cert_chain(directory / "client.pem")
    return context
