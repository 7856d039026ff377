"""Every test that takes `path` runs for each way an index can answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geofences.index import kernel


@pytest.fixture(params=["numpy", "compiled", "scalar", "compiled scalar"])
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which way the indexes of this test answer: `scenes.asked` takes it."""
    compiled = request.param.startswith("compiled")
    if compiled and kernel.built() is None:
        pytest.skip("the compiled kernel was not built: no C compiler or no Python headers")
    with kernel.chosen("compiled" if compiled else "numpy"):
        yield "scalar" if request.param.endswith("scalar") else "batch"
