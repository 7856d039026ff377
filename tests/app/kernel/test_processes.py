"""A process is dead when that can be proved, and only then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.kernel import processes
from app.kernel.processes import is_dead, this_process

SAY = "from app.kernel.processes import this_process; print(this_process(), flush=True)"


@pytest.fixture
def child() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", f"{SAY}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def name_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


class TestIsDead:
    def test_this_process_lives(self) -> None:
        assert this_process() is not None
        assert not is_dead(this_process())

    def test_another_lives_until_it_is_killed_even_before_its_parent_has_looked(
        self, child: subprocess.Popen[str]
    ) -> None:
        with child:
            name = name_of(child)
            assert not is_dead(name)
            os.kill(child.pid, signal.SIGKILL)
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
            assert is_dead(name)
        assert is_dead(name)

    def test_its_number_given_to_another_process_does_not_make_it_live(self) -> None:
        name = str(this_process())
        assert is_dead(f"{name.rpartition('/')[0]}/1")

    @pytest.mark.parametrize("name", [None, "", "x", "another-boot/pid:[1]/1/1"])
    def test_who_is_not_of_this_machine_is_not_known_to_be_dead(self, name: str | None) -> None:
        assert not is_dead(name)


class TestThisProcess:
    def test_a_fork_has_a_name_of_its_own(self) -> None:
        mine = this_process()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(writer, str(this_process()).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        assert os.read(reader, 200).decode() not in (mine, "None")

    def test_where_the_system_does_not_tell_nobody_has_a_name_and_nobody_is_dead(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        name = this_process()
        monkeypatch.setattr(processes, "_PROC", tmp_path)
        processes._named.cache_clear()
        assert this_process() is None
        assert not is_dead(name)
        processes._named.cache_clear()
