"""Keys of shoppers: made once, kept apart, and gone for good in every process."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.db import Database
from app.security import vault as vaults
from app.security.sealing import CannotOpen, seal
from app.security.secrets import SecretsUnsafe
from app.security.vault import (
    FILE_NAME,
    LOOK_EVERY_S,
    Destroyed,
    NoVault,
    Vault,
    open_each,
    open_for,
    open_vault,
    owner_of,
    seal_each,
    seal_for,
    use_vault,
)


@pytest.fixture
def own(database: Database, tmp_path: Path) -> Iterator[Vault]:
    """A key store on each engine: a file, or a PostgreSQL database."""
    url = database.url.render_as_string(hide_password=False) if database.dialect == "postgresql" else ""
    vault = open_vault(tmp_path, url, clock=database.clock)
    use_vault(vault)
    yield vault
    with vault._database.transaction() as session:
        vaults._metadata.drop_all(session.connection())
    vault.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Vault]:
    vault = open_vault(tmp_path)
    use_vault(vault)
    yield vault
    vault.close()


class TestSealFor:
    def test_opens_for_the_same_purpose_and_row(self, own: Vault) -> None:
        sealed = seal_for("shp_a", "email", b"jane@example.org", b"per_1")
        assert b"jane" not in sealed
        assert open_for("email", sealed, b"per_1") == b"jane@example.org"
        assert own.count() == 1

    @pytest.mark.parametrize(("purpose", "associated"), [("phone", b"per_1"), ("email", b"per_2"), ("emailp", b"er_1")])
    def test_opens_for_nothing_else(self, file: Vault, purpose: str, associated: bytes) -> None:
        sealed = seal_for("shp_a", "email", b"jane@example.org", b"per_1")
        with pytest.raises(CannotOpen):
            open_for(purpose, sealed, associated)

    def test_a_changed_value_does_not_open(self, file: Vault) -> None:
        sealed = bytearray(seal_for("shp_a", "email", b"jane@example.org"))
        sealed[-1] ^= 1
        with pytest.raises(CannotOpen):
            open_for("email", bytes(sealed))

    def test_what_the_house_sealed_before_there_were_keys_opens(self, file: Vault) -> None:
        assert open_for("email", seal("email", b"old", b"row"), b"row") == b"old"

    def test_another_store_does_not_open_it(self, file: Vault, tmp_path: Path) -> None:
        sealed = seal_for("shp_a", "email", b"jane")
        file.close()
        (tmp_path / "other").mkdir()
        other = open_vault(tmp_path / "other")
        use_vault(other)
        try:
            with pytest.raises(CannotOpen, match="put back the key store"):
                open_for("email", sealed)
        finally:
            other.close()

    def test_without_a_store_nothing_is_sealed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vaults, "_vaults", [])
        with pytest.raises(NoVault, match="use_vault"):
            seal_for("shp_a", "email", b"jane")

    def test_eight_racing_threads_make_one_key(self, own: Vault) -> None:
        barrier, sealed = threading.Barrier(8), list[bytes]()

        def work() -> None:
            barrier.wait()
            sealed.append(seal_for("shp_a", "email", b"jane"))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert own.count() == 1
        assert open_each("email", [(s, b"") for s in sealed]) == [b"jane"] * 8


class TestSealEach:
    def test_each_with_its_own_key(self, own: Vault) -> None:
        items = [(f"shp_{i % 700}", str(i).encode(), b"") for i in range(1400)]
        sealed = seal_each("name", items)
        assert own.count() == 700
        assert open_each("name", [(s, b"") for s in sealed]) == [plain for _, plain, _ in items]

    def test_thousands_cost_little_once_their_keys_are_known(self, file: Vault) -> None:
        """A look-up a value would take seconds."""
        items = [(f"shp_{i}", b"x" * 200, b"") for i in range(3000)]
        seal_each("fixes", items)
        began = time.process_time()
        seal_each("fixes", items)
        assert time.process_time() - began < 0.5


class TestDestroy:
    def test_nothing_of_hers_opens_and_no_key_is_made_for_her_again(self, own: Vault) -> None:
        hers, his = seal_for("shp_a", "email", b"jane"), seal_for("shp_b", "email", b"john")
        assert own.destroy([owner_of("shp_a")])
        with pytest.raises(Destroyed):
            open_for("email", hers)
        with pytest.raises(Destroyed):
            seal_for("shp_a", "email", b"again")
        assert open_each("email", [(hers, b""), (his, b"")]) == [None, b"john"]
        assert own.destroy([owner_of("shp_a")])
        assert own.destroyed() == [owner_of("shp_a")]

    def test_who_had_no_key_gets_none(self, own: Vault) -> None:
        own.destroy([owner_of("shp_a")])
        with pytest.raises(Destroyed):
            seal_for("shp_a", "email", b"jane")

    def test_no_byte_of_the_key_is_left_in_the_files(self, file: Vault, tmp_path: Path) -> None:
        """Seen to fail without the checkpoint (the log held it), and when the row was only marked."""
        seal_each("email", [(f"shp_{i}", b"x", b"") for i in range(600)])
        with file._database.reading() as session:
            wrapped = dict(session.execute(vaults.select(vaults._keys.c.owner, vaults._keys.c.wrapped)).all())
        hers = [owner_of(f"shp_{i}") for i in range(0, 600, 7)]
        assert file.destroy(hers)
        left = b"".join(p.read_bytes() for p in tmp_path.iterdir() if p.name.startswith(FILE_NAME))
        assert not [owner for owner in hers if wrapped[owner] in left or wrapped[owner][-32:] in left]
        assert wrapped[owner_of("shp_1")] in left

    def test_another_process_follows_within_a_second(self, file: Vault, tmp_path: Path) -> None:
        """Seen to fail when the counter was not looked at again."""
        there = open_vault(tmp_path)  # its own connections and its own memory, as in another process
        sealed = seal_for("shp_a", "email", b"jane")
        use_vault(there)
        assert open_for("email", sealed) == b"jane"
        file.destroy([owner_of("shp_a")])
        time.sleep(LOOK_EVERY_S + 0.05)
        with pytest.raises(Destroyed):
            open_for("email", sealed)
        there.close()


class TestOpenVault:
    def test_the_file_is_its_owners_alone(self, file: Vault, tmp_path: Path) -> None:
        seal_for("shp_a", "email", b"jane")
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name

    def test_a_file_others_can_read_is_refused(self, file: Vault, tmp_path: Path) -> None:
        file.close()
        (tmp_path / FILE_NAME).chmod(0o644)
        with pytest.raises(SecretsUnsafe, match="chmod 600"):
            open_vault(tmp_path)

    def test_a_key_survives_a_kill_right_after_it_was_used(self, tmp_path: Path) -> None:
        """What was handed out can be opened for good: its key is on the disk before."""
        program = (
            "import os,sys; from pathlib import Path\n"
            "from app.security.sealing import use_secrets\n"
            "from app.security.secrets import load_or_create\n"
            "from app.security.vault import *\n"
            "folder = Path(sys.argv[1]); use_secrets(load_or_create(folder))\n"
            "use_vault(open_vault(folder))\n"
            "sys.stdout.buffer.write(seal_for('shp_a', 'email', b'jane')); sys.stdout.flush(); os.kill(os.getpid(), 9)\n"
        )
        done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(Path.cwd())}, check=False)
        from app.security.sealing import use_secrets
        from app.security.secrets import load_or_create

        use_secrets(load_or_create(tmp_path))
        vault = open_vault(tmp_path)
        use_vault(vault)
        assert open_for("email", done.stdout) == b"jane"
        vault.close()
