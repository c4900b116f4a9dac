"""Which addresses and URLs webhooks may go to."""

from ipaddress import ip_address

import pytest

from services.notifications.domain.refusals import UrlRefused
from services.notifications.domain.targets import TargetRules, check_url, is_public, may_dial

STRICT = TargetRules()
LOOSE = TargetRules(allow_private=True, allow_http=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.88.99.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::1",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_address_that_is_not_public_is_not_dialled(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not may_dial(address, STRICT)
    assert may_dial(address, LOOSE)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_address_is_dialled(address: str) -> None:
    assert may_dial(address, STRICT)


@pytest.mark.parametrize("text", ["", "example.org", "1.2.3", "fe80::1%eth0"])
def test_what_is_no_public_numeric_address_is_not_dialled(text: str) -> None:
    assert not may_dial(text, STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "https://", "http://example.org/", "https://user:pw@example.org/", "https://example.org/#x", "https://example.org:22/",
        "https://example.org:99999/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://0x7f000001/",
        "https://127.1/", "https://localhost/", "https://printer.local/", "https://metadata.google.internal/", "https://example.org/a b",
        "https://ex\u00e4mple.org/", "https://intranet/", "/relative", "https://example.org/\n", "https://localhost./", "https://[::1",
    ],
)  # fmt: skip
def test_url_that_may_not_receive_webhooks_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, STRICT)


@pytest.mark.parametrize("url", ["https://example.org/hook?x=1", "https://hooks.example.org:8443/a", "https://8.8.8.8/"])
def test_public_https_url_is_taken(url: str) -> None:
    assert check_url(url, STRICT) == url


def test_operator_may_allow_private_targets_and_http() -> None:
    assert check_url("http://127.0.0.1:9000/hook", LOOSE)
