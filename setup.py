"""The one part that pyproject.toml cannot say: an optional extension, left out without an error where it cannot be built."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "geofences.index._kernel",
            ["geofences/index/kernel.c"],
            # Every operation rounds for itself, as numpy's do: no fused multiply-add, no -ffast-math.
            extra_compile_args=["-O3", "-std=c11", "-ffp-contract=off", "-Wall", "-Wextra"],
            optional=True,
        )
    ]
)
