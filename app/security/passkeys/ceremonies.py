"""The two ceremonies of WebAuthn: making a passkey, and showing one. Every call into the library `webauthn` is here.

Owns the options a browser is given and the check of what it answers. Must not touch the database: what is known of a
passkey is handed in. User verification (fingerprint, face, PIN) is required in both; what was verified stays on the phone.
Source: W3C Web Authentication Level 3, sections 7.1 and 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.security.passkeys.errors import PasskeyRefused
from app.security.passkeys.relying_party import RelyingParty

ALGORITHMS = [COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA, COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256]
UNREADABLE = Exception
"""Credentials are bytes from anywhere, read by several parsers: whatever they stumble over, the passkey is refused, and that is all."""


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """A passkey as its authenticator has just made it. `model` is its AAGUID; `synced`: it may be on several of her devices."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    model: str
    synced: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """What a browser sent to prove a passkey, taken apart but not yet checked."""

    credential_id: bytes
    challenge: bytes
    user_handle: bytes | None


def making_options(party: RelyingParty, challenge: bytes, *, user_id: bytes, user_name: str, known: Sequence[bytes], timeout_s: int) -> dict[str, Any]:
    """`PublicKeyCredentialCreationOptions` in JSON: a discoverable passkey on an authenticator that has none of `known`."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user_id,
        user_name=user_name,
        challenge=challenge,
        timeout=timeout_s * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def showing_options(party: RelyingParty, challenge: bytes, *, timeout_s: int) -> dict[str, Any]:
    """`PublicKeyCredentialRequestOptions` in JSON; no name is asked for, the browser offers what it has for us."""
    options = generate_authentication_options(
        rp_id=party.id, challenge=challenge, timeout=timeout_s * 1000, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json_dict(options)


def challenge_of(credential: Mapping[str, Any]) -> bytes:
    """The challenge a browser says it signed; whether it did is checked later. Raises PasskeyRefused."""
    try:
        return parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge
    except UNREADABLE:
        raise PasskeyRefused from None


def made(party: RelyingParty, credential: Mapping[str, Any], challenge: bytes) -> MadePasskey:
    """Check a new passkey. Raises PasskeyRefused."""
    try:
        parsed = parse_registration_credential_json(dict(credential))
        found = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except UNREADABLE:
        raise PasskeyRefused from None
    synced = found.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    transports = tuple(str(t.value) for t in parsed.response.transports or ())
    return MadePasskey(found.credential_id, found.credential_public_key, found.sign_count, found.aaguid, synced, transports)


def shown(credential: Mapping[str, Any]) -> ShownPasskey:
    """Take apart what a browser sent. Raises PasskeyRefused."""
    try:
        parsed = parse_authentication_credential_json(dict(credential))
    except UNREADABLE:
        raise PasskeyRefused from None
    return ShownPasskey(parsed.raw_id, challenge_of(credential), parsed.response.user_handle)


def checked(party: RelyingParty, credential: Mapping[str, Any], challenge: bytes, public_key: bytes) -> int:
    """Check a passkey against its public key; returns its counter, which the caller compares. Raises PasskeyRefused."""
    try:
        found = verify_authentication_response(
            credential=parse_authentication_credential_json(dict(credential)),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except UNREADABLE:
        raise PasskeyRefused from None
    return found.new_sign_count
