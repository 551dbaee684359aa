"""Addresses: what is public, what is the same origin, what may be asked."""

import socket

import pytest

from openml_client.errors import TransportError
from openml_client.transport.addresses import (
    check_address,
    is_private_host,
    is_public_address,
    lookup_limited,
    origin_of,
    redirect_target,
)

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::ffff:10.0.0.1",
    "fe80::1%eth0",
    "fd00::1",
    "localhost",
    "LOCALHOST.",
    "db.localhost",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_hosts_of_this_machine_and_of_private_networks_are_private(host):
    assert is_private_host(host)


@pytest.mark.parametrize("host", ["www.openml.org", "131.155.11.11", "2606:4700::1", "10.example"])
def test_other_hosts_are_not_private_by_their_name(host):
    assert not is_private_host(host)


def test_a_mapped_address_is_judged_by_what_it_maps():
    assert is_public_address("::ffff:131.155.11.11")
    assert not is_public_address("::ffff:127.0.0.1")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://www.openml.org/api", "https://www.openml.org"),
        ("https://WWW.openml.org:443/", "https://www.openml.org"),
        ("http://www.openml.org:443/", "http://www.openml.org:443"),
        ("http://[::1]:80/x", "http://[::1]"),
        ("https://www.openml.org.evil.org/", "https://www.openml.org.evil.org"),
        ("https://www.openml.org@evil.org/", "https://evil.org"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://user:pass@example.org/", "holds a user name"),
        ("https://example.org:port/", "malformed"),
        ("https:///data", "only http and https"),
        ("http://[::1/", "malformed"),
    ],
)
def test_odd_addresses_are_refused(url, why):
    with pytest.raises(TransportError, match=why) as caught:
        check_address(url)
    assert "pass@" not in str(caught.value)


def test_http_may_lead_to_https():
    check_address("https://example.org/", came_from="http://example.org/")


def test_a_redirect_target_is_resolved_and_loses_key_and_fragment():
    target = redirect_target("https://a.org/x/y", "../z?api_key=k&b=%20&c=#top")
    assert target == "https://a.org/z?b=+&c="


def test_a_redirect_target_without_a_key_stays_as_it_is():
    location = "https://b.org/d%2Fe?X-Sig=a%2Bb&flag"
    assert redirect_target("https://a.org/", location) == location


def test_a_lookup_gives_addresses():
    assert lookup_limited("127.0.0.1", 80, within_s=2) == ("127.0.0.1",)


@pytest.mark.parametrize("name", ["nosuch.invalid", "a" * 70 + ".org", "..", "xn--\ud800.org"])
def test_a_lookup_of_no_name_is_an_error_of_the_resolver(name):
    with pytest.raises(socket.gaierror):
        lookup_limited(name, 80, within_s=5)
