"""The door of app/security for rooms and the roof: who people are.

Gathers what the modules beside it own; holds no rule itself. Callers must not read the tables. In short:

- `register_device(session, name, platform, at)` -> NewDevice: a new anonymous shopper with device, bearer token, tracking key
- `device_by_credentials(session, user, password)`, `device_by_tracking_key(session, key)`, `device(session, id)` -> DeviceView | None
- `devices_of(session, shopper_id)`, `device_ids_of(session, shopper_id)`, `device_ids_of_each(session, ids)`, `owners_of(session, device_ids)`, `shopper_exists(session, shopper_id)`, `shoppers_here(session, ids)`, `same_person(session, shopper_id)`, `known_as(session, ids)`,
  `ids_and_owner(session, shopper_id)`
- `now_of(session, shopper_id)` under which id to write for her, until the transaction ends; `last_joined(session, shopper_id, at)` what went with her when she signed in
- `make_link(session, role, at=...)` -> token for `/enter/{token}`; `use_link(session, token, at=...)` exactly once
- `staff(session, role, name, at=..., place_ids=...)` -> person id; `staff_named(session, name, roles)` -> person id | None; `person(session, person_id)` -> Account | None
- `make_api_key`, `list_api_keys`, `revoke_api_key`; `open_session`, `end_session`, `revoke_shopper`, `revoke_person`, `revoke_device`
"""

from __future__ import annotations

from app.security.accounts import Account, account_by_email, account_of_shopper, claim_account, person
from app.security.api_keys import ApiKeyView, NewApiKey, list_api_keys, make_api_key, revoke_api_key
from app.security.joining import Joined, last_joined, now_of
from app.security.links import UsedLink, check_link, make_link, staff, staff_named, use_link
from app.security.sessions import NewSession, end_session, open_session, revoke_device, revoke_person, revoke_shopper
from app.security.shoppers import (
    DeviceView,
    NewDevice,
    device,
    device_by_credentials,
    device_by_token,
    device_by_tracking_key,
    device_ids_of,
    device_ids_of_each,
    devices_of,
    every_shopper,
    ids_and_owner,
    join,
    known_as,
    owners_of,
    register_device,
    same_person,
    shopper_exists,
    shoppers_here,
)

__all__ = [
    "Account",
    "ApiKeyView",
    "DeviceView",
    "Joined",
    "NewApiKey",
    "NewDevice",
    "NewSession",
    "UsedLink",
    "account_by_email",
    "account_of_shopper",
    "check_link",
    "claim_account",
    "device",
    "device_by_credentials",
    "device_by_token",
    "device_by_tracking_key",
    "device_ids_of",
    "device_ids_of_each",
    "devices_of",
    "end_session",
    "every_shopper",
    "ids_and_owner",
    "join",
    "known_as",
    "last_joined",
    "list_api_keys",
    "make_api_key",
    "make_link",
    "now_of",
    "open_session",
    "owners_of",
    "person",
    "register_device",
    "revoke_api_key",
    "revoke_device",
    "revoke_person",
    "revoke_shopper",
    "same_person",
    "shopper_exists",
    "shoppers_here",
    "staff",
    "staff_named",
    "use_link",
]
