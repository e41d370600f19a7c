"""Makes keys and certificates as PEM texts. Reads and writes no files; the only importer of `cryptography`.

Imported where a certificate has to be made, and not before: `cryptography` costs a start 60 ms.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from podrunner.credentials import names

AUTHORITY_LIFETIME = timedelta(days=3650)
LIFETIME = timedelta(days=365)
"""Of the server's and of a client's certificate; kubeadm's, too, live for a year, and its authority for ten."""

WRONG_CLOCK = timedelta(days=1)
"""How far behind ours a client's clock may be."""


class Pair(NamedTuple):
    """A certificate and its private key, in PEM."""

    certificate: bytes
    key: bytes


def authority(now: datetime, key: bytes | None = None) -> Pair:
    """A certificate authority. With the `key` of an older one it is that one prolonged: what it signed stays valid.

    Raises ValueError for a damaged key.
    """
    private = _load(key) if key else ec.generate_private_key(ec.SECP256R1())
    subject = _name("podrunner")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    built = (
        _builder(subject, subject, private.public_key(), now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return _signed(built, private, private)


def server(issuer: Pair, now: datetime) -> Pair:
    """A certificate for all `names.OWN`."""
    alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names.OWN])
    return _issued(issuer, _name("podrunner server"), ExtendedKeyUsageOID.SERVER_AUTH, now, [alternatives])


def client(issuer: Pair, name: str, groups: Sequence[str], now: datetime) -> Pair:
    """A certificate for a user: CN is the name and each O a group, as Kubernetes reads them."""
    return _issued(issuer, _name(name, groups), ExtendedKeyUsageOID.CLIENT_AUTH, now, [])


def new_key() -> bytes:
    """A private key that can sign."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def outlives(certificate: bytes, moment: datetime) -> bool:
    """Whether the certificate is valid beyond the moment. Raises ValueError for a damaged one."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc > moment


def _issued(
    issuer: Pair,
    subject: x509.Name,
    purpose: x509.ObjectIdentifier,
    now: datetime,
    extensions: Sequence[x509.ExtensionType],
) -> Pair:
    signer, parent = _load(issuer.key), x509.load_pem_x509_certificate(issuer.certificate)
    private = ec.generate_private_key(ec.SECP256R1())
    end = min(now + LIFETIME, parent.not_valid_after_utc)
    built = (
        _builder(subject, parent.subject, private.public_key(), now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        # OpenSSL's strict mode, which Python's clients use from 3.13 on, demands it.
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    for extension in extensions:
        built = built.add_extension(extension, critical=False)
    return _signed(built, private, signer)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - WRONG_CLOCK)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _signed(
    built: x509.CertificateBuilder, private: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> Pair:
    certificate = built.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return Pair(certificate, _pem(private))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load(key: bytes) -> ec.EllipticCurvePrivateKey:
    loaded = serialization.load_pem_private_key(key, None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise ValueError("the authority's key is of another kind than podrunner makes")
    return loaded


def _name(common_name: str, organizations: Sequence[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organizations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
