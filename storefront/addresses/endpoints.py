"""The routes of a shopper's addresses. Another's address is answered as if there were none."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from storefront.addresses import keeping
from storefront.addresses.schemas import AddressIn, address_out

router = APIRouter(tags=["addresses"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
AddressId = Annotated[str, Path(max_length=80)]


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/v1/me/addresses")
def addresses(caller: Shopper, call: Reading) -> Response:
    """Your addresses, the one that counts first."""
    return _private(call.run(lambda session: {"addresses": [address_out(one) for one in keeping.addresses(session, caller.id)]}))


@router.post("/v1/me/addresses", status_code=201)
def add_address(body: AddressIn, _caller: Shopper, call: Command) -> Response:
    """Keep an address. Your first is the one that counts until you name another."""
    work = asker_of(call.request).informed
    return _private(
        work(lambda asker: call.run(lambda session: address_out(keeping.add(session, asker, body.address, default=body.default, at=call.clock.now())), status=201))
    )


@router.get("/v1/me/addresses/{address_id}")
def one_address(address_id: AddressId, caller: Shopper, call: Reading) -> Response:
    """One of yours."""
    return _private(call.run(lambda session: address_out(keeping.address(session, caller.id, address_id))))


@router.put("/v1/me/addresses/{address_id}")
def change_address(address_id: AddressId, body: AddressIn, _caller: Shopper, call: Command) -> Response:
    """Write it anew. Orders keep the address they were placed with."""
    work = asker_of(call.request).informed
    return _private(
        work(lambda asker: call.run(lambda session: address_out(keeping.change(session, asker, address_id, body.address, default=body.default, at=call.clock.now()))))
    )


@router.delete("/v1/me/addresses/{address_id}", status_code=204)
def remove_address(address_id: AddressId, _caller: Shopper, call: Command) -> Response:
    """Forget it."""
    return asker_of(call.request).informed(lambda asker: call.run(lambda session: keeping.remove(session, asker, address_id, at=call.clock.now()), status=204))
