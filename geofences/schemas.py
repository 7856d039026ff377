"""What the room's endpoints accept beyond fixes and GeoJSON. Owns shapes only."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class DevicePlanIn(BaseModel):
    """Where the phone is and what its OS can do. The position is used for the answer and kept nowhere."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    lat: Annotated[float, Field(ge=-90, le=90, description="Degrees.")]
    lon: Annotated[float, Field(ge=-180, le=180, description="Degrees.")]
    heading_deg: Annotated[float | None, Field(ge=0, le=360, description="Clockwise from north, if it moves.")] = None
    speed_mps: Annotated[float | None, Field(ge=0, le=1000)] = None
    os: Annotated[Literal["ios", "android"], Field(description="iOS watches 20 regions an app, Android 100.")]
    reserve: Annotated[
        int,
        Field(
            ge=1,
            le=19,
            description="Regions not to be used for fences; one is the circle of the refresh, the rest are the app's own.",
        ),
    ] = 1
