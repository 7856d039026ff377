from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from app.security.audit import anchor
from app.security.audit.anchor import FILE_NAME, AnchorDamaged, advance, read
from app.security.audit.chain import Head


class TestAdvance:
    def test_forward_and_never_back(self, tmp_path: Path) -> None:
        path = tmp_path / FILE_NAME
        assert read(path) is None
        for seq in (1, 5, 3, 5):
            advance(path, Head(seq, f"{seq:064}"))
        assert read(path) == Head(5, f"{5:064}")
        assert [p.name for p in tmp_path.iterdir()] == [FILE_NAME]

    def test_many_at_once_end_at_the_newest(self, tmp_path: Path) -> None:
        path, barrier = tmp_path / FILE_NAME, threading.Barrier(8)

        def work(seq: int) -> None:
            barrier.wait()
            advance(path, Head(seq, f"{seq:064}"))

        threads = [threading.Thread(target=work, args=(seq,)) for seq in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert read(path) == Head(8, f"{8:064}")

    def test_a_folder_that_is_gone_stops_nobody(self, tmp_path: Path) -> None:
        advance(tmp_path / "none" / FILE_NAME, Head(1, "0" * 64))
        assert not (tmp_path / "none").exists()

    def test_a_damaged_one_is_not_written_over(self, tmp_path: Path) -> None:
        path = tmp_path / FILE_NAME
        path.write_text("{}")
        advance(path, Head(1, "0" * 64))
        assert path.read_text() == "{}"


class TestRead:
    @pytest.mark.parametrize("text", ["", "[]", "{}", "\xff", '{"seq": "x", "hash": "", "mac": ""}'])
    def test_damaged(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / FILE_NAME
        path.write_text(text, encoding="latin-1")
        with pytest.raises(AnchorDamaged):
            read(path)

    def test_moved_back_by_hand(self, tmp_path: Path) -> None:
        """Who cuts the log and writes an older head into the file needs the key for its mark."""
        path = tmp_path / FILE_NAME
        anchor.advance(path, Head(7, "7" * 64))
        document = json.loads(path.read_text())
        path.write_text(json.dumps(document | {"seq": 3}))
        with pytest.raises(AnchorDamaged):
            read(path)
