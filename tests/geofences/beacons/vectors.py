"""Published ephemeral ids and the published key agreement: numbers anybody can check, and a few computed at the edges.

Owns the values. Published: RadiusNetworks, ephemeral_calc; the others follow from the algorithm's text and were checked against
two programs.
"""

from __future__ import annotations

KEY = bytes.fromhex("0102030405060708090a111213141516")

IDS: tuple[tuple[str, int, int, str], ...] = (
    ("0102030405060708090a111213141516", 10, 0, "a9b76a71c5f89290"),  # published
    ("0102030405060708090a111213141516", 10, 2000, "4144413e45fefa58"),  # published
    ("0102030405060708090a111213141516", 10, 1023, "a9b76a71c5f89290"),
    ("0102030405060708090a111213141516", 0, 65535, "d8aec84dc3e98b13"),
    ("0102030405060708090a111213141516", 0, 65536, "77f111e89d01e7a9"),
    ("0102030405060708090a111213141516", 0, 4294967295, "e1ebc3ba7ad93fe5"),
    ("0102030405060708090a111213141516", 15, 4294967295, "cd58cbba04aadce5"),
    ("ffffffffffffffffffffffffffffffff", 12, 65536, "b29faa51527fef9a"),
    ("00000000000000000000000000000000", 15, 65536, "3408714409e1d6e5"),
)
"""(identity key, rotation exponent, the beacon's clock in seconds, id)."""

AGREEMENT = {
    "resolver_private": "61136adab1bf302f1c49e860196aeefd8fbaa41518b4c226372d6cc469c47278",
    "resolver_public": "29769a045dcb811ba3025985b9de91eb9a57dadbceb68a1e6a3c2b1af4868e1f",
    "beacon_private": "6ea13b5ef3cc642fd6102c1d85c096b510f56efc488114a4562a987bf4525628",
    "beacon_public": "c63e6f89aab47552c8d621a59c81d0af203f6570a4bd7a267a08a17561c8bc2b",
    "identity_key": "f40d6f18e5882260e847e99ca33ac44f",
}
