"""Who is asked whether a SIM was swapped: chosen once by the bootstrap. Nobody, unless an operator's API is set up."""

from __future__ import annotations

from app.security.sim_swap.ports import SimSwapGateway
from app.security.sim_swap.settings import SimSwapSettings


def choose(settings: SimSwapSettings) -> SimSwapGateway | None:
    if not settings.url:
        return None
    from app.security.sim_swap.adapters.camara_gateway import (
        CamaraGateway,  # lazy: no HTTP library where nobody is asked
    )

    return CamaraGateway(settings)
