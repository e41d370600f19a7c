"""The offline network takes no nameserver away from the machine. Pure."""

import ipaddress

import offline_network


def test_the_network_has_the_chapters_address() -> None:
    elsewhere = {ipaddress.IPv4Address("8.8.8.8"), ipaddress.IPv4Address("127.0.0.53")}
    assert str(offline_network.choose_subnet(elsewhere)) == "1.1.1.0/24"


def test_the_network_moves_away_from_a_nameserver_next_to_the_chapters_address() -> None:
    cloudflare = {ipaddress.IPv4Address("127.0.0.53"), ipaddress.IPv4Address("1.1.1.2")}
    assert str(offline_network.choose_subnet(cloudflare)) == "198.51.100.0/24"
