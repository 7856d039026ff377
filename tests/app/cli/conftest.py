"""Runs `moments` as a person does: in a process of its own for what concerns the process, else in this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Moments = Callable[..., Ran]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory that the commands of this test use."""
    for name in list(__import__("os").environ):
        if name.startswith("MOMENTS_") and name != "MOMENTS_NO_SKIPS":
            monkeypatch.delenv(name)
    folder = tmp_path / "data"
    monkeypatch.setenv("MOMENTS_DATA_DIR", str(folder))
    monkeypatch.chdir(tmp_path)  # no .env of the developer's
    return folder


@pytest.fixture
def moments(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> Moments:
    """`moments("outbox", "list")` in this process: exit code, standard output, standard error."""
    from app.cli.program import run

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def migrated(moments: Moments) -> Moments:
    """As `moments`, over a migrated SQLite file."""
    assert moments("migrate").code == 0
    return moments
