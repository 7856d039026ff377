"""Runs `moments` as a person does: in a process of its own for what concerns the process, else in this one."""

from __future__ import annotations

import os
import shutil
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
    for name in list(os.environ):
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


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `moments migrate` makes of an empty data directory; made once, since all migrations take a second."""
    from app.cli.program import run

    folder = tmp_path_factory.mktemp("migrated") / "data"
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("MOMENTS_") and n != "MOMENTS_NO_SKIPS"]:
            patch.delenv(name)
        patch.setenv("MOMENTS_DATA_DIR", str(folder))
        patch.chdir(folder.parent)
        assert run(("migrate",)) == 0
    return folder


@pytest.fixture
def migrated(moments: Moments, data_dir: Path, migrated_folder: Path) -> Moments:
    """As `moments`, over a migrated SQLite file."""
    shutil.copytree(migrated_folder, data_dir, dirs_exist_ok=True)
    return moments
