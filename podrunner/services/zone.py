"""Services as the configuration and zones of the DNS server. Pure; performs no I/O.

The server is BIND: it answers for cluster.local out of zones that are replaced as a whole (so a name that is new or
gone is so at once: what it answers out of its own zones it never caches), follows an ExternalName's CNAME wherever it
leads, which dnsmasq can't, and asks the engine's DNS for everything else. unbound and pdns-recursor cache the answers
of such zones; CoreDNS, which clusters use, is no package of Debian or PyPI.

Source of the records: Kubernetes' "DNS-Based Service Discovery" (kubernetes/dns docs/specification.md), and CoreDNS
plugin/kubernetes for what it leaves open.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence

from podrunner.pods import hostnames
from podrunner.services import allocation
from podrunner.services.serving import EXTERNAL_NAME, Endpoint, Serving

DOMAIN = hostnames.CLUSTER_DOMAIN
SERVER_IP = allocation.DNS
TTL_SECONDS = 5
"""CoreDNS' default, and how long a client may take a name for missing."""

CONFIGURATION = "named.conf"
_LONGEST_LABEL = 63

_HEAD = f"""\
options {{
  directory "/tmp";
  pid-file none;
  session-keyfile none;
  lock-file none;
  listen-on {{ {SERVER_IP}; }};
  listen-on-v6 {{ none; }};
  allow-query {{ any; }};
  allow-query-cache {{ any; }};
  recursion yes;
  allow-recursion {{ any; }};
  forward only;
  include "/tmp/forwarders.conf";
  dnssec-validation no;
  empty-zones-enable no;
  notify no;
  max-cache-size 16M;
  max-cache-ttl 1;
  max-ncache-ttl 1;
  servfail-ttl 0;
}};
controls {{ }};
logging {{
  channel errors {{ stderr; severity error; }};
  category default {{ errors; }};
}};
"""
"""The engine's DNS changes with its containers and is near: hardly anything of it is kept."""

_ZONE_HEAD = f"""\
$TTL {TTL_SECONDS}
@ SOA ns.dns.{DOMAIN}. hostmaster.{DOMAIN}. 1 7200 1800 86400 {TTL_SECONDS}
@ NS ns.dns.{DOMAIN}.
"""


def files(services: Sequence[Serving], directory: str) -> dict[str, str]:
    """The server's files by name, as they are in `directory`.

    A zone's file is named by its content: the server loads a file anew that has another name.
    """
    zones = {DOMAIN: _zone(_records(services))} | {
        ipaddress.ip_address(address).reverse_pointer: _zone(f"@ PTR {name}.{DOMAIN}." for name in names)
        for address, names in _reverse(services).items()
    }
    named = {f"{origin}.{hashlib.sha256(text.encode()).hexdigest()[:12]}": text for origin, text in zones.items()}
    statements = (
        f'zone "{origin}" {{ type primary; file "{directory}/{name}"; check-names ignore; }};\n'
        for origin, name in zip(zones, named, strict=True)
    )
    return {CONFIGURATION: _HEAD + "".join(statements), **named}


def _zone(records: Iterable[str]) -> str:
    return _ZONE_HEAD + "".join(f"{record}\n" for record in records)


def _records(services: Iterable[Serving]) -> Iterator[str]:
    yield f"ns.dns A {SERVER_IP}"
    yield 'dns-version TXT "1.1.0"'
    for each in services:
        name = _name(each)
        if each.service.spec.type == EXTERNAL_NAME:
            yield from _alias(name, each.service.spec.external_name)
        elif each.is_headless:
            yield from _of_endpoints(name, each.ready)
        elif each.cluster_ip:
            yield f"{name} A {each.cluster_ip}"
            for port in each.service.spec.ports:
                if port.name:
                    yield f"_{port.name}._{port.protocol.lower()}.{name} SRV 0 100 {port.port} {name}"


def _alias(name: str, target: str) -> Iterator[str]:
    """One name that a server can't hold would keep it from loading all others."""
    target = target.removesuffix(".")
    if all(0 < len(label) <= _LONGEST_LABEL for label in target.split(".")):
        yield f"{name} CNAME {target}."


def _of_endpoints(name: str, endpoints: Sequence[Endpoint]) -> Iterator[str]:
    for address in dict.fromkeys(endpoint.address for endpoint in endpoints):
        yield f"{name} A {address}"
    for host, address in dict.fromkeys((_host(endpoint), endpoint.address) for endpoint in endpoints):
        yield f"{host}.{name} A {address}"
    for endpoint in endpoints:
        for port, (protocol, number) in endpoint.ports.items():
            if port:
                yield f"_{port}._{protocol.lower()}.{name} SRV 0 100 {number} {_host(endpoint)}.{name}"


def _host(endpoint: Endpoint) -> str:
    """CoreDNS' name for an endpoint that has none of its own is made of its address."""
    return endpoint.hostname or endpoint.address.replace(".", "-")


def _reverse(services: Iterable[Serving]) -> Mapping[str, list[str]]:
    """The names of each address that has any."""
    names: dict[str, list[str]] = {}
    for each in services:
        if each.cluster_ip:
            names.setdefault(each.cluster_ip, []).append(_name(each))
        elif each.is_headless:
            for endpoint in each.ready:
                if endpoint.hostname:
                    names.setdefault(endpoint.address, []).append(f"{endpoint.hostname}.{_name(each)}")
    return dict(sorted(names.items()))


def _name(each: Serving) -> str:
    return f"{each.service.metadata.name}.{each.service.metadata.namespace}.svc"
