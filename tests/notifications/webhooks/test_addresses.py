"""Nothing is sent into networks of our own, in whatever dress."""

from __future__ import annotations

import pytest

from notifications.webhooks.addresses import allowed

OURS = ["127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "192.0.2.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001::1", "2002:7f00:1::1", "2001:db8::1", "5f00::1"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.1.1", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e"]


class TestAllowed:
    @pytest.mark.parametrize("address", OURS)
    def test_refused(self, address: str) -> None:
        assert not allowed(address, loopback=False)
        assert allowed(address, loopback=True) is (address in ("127.0.0.1", "::1"))

    @pytest.mark.parametrize("address", PUBLIC)
    def test_public(self, address: str) -> None:
        assert allowed(address, loopback=False)

    @pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "１２７.0.0.1", "8.8.8.8 "])
    def test_what_a_resolver_does_not_give(self, text: str) -> None:
        assert not allowed(text, loopback=True)
