"""Files that commands are given: read whole, or refused in one line.

Owns size and encoding. Must not know what is in them: the rooms say what is wrong with a document.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.kernel.errors import Invalid


def text_of(file: Path, most_bytes: int) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises Invalid naming FILE."""
    _refuse_large(file, most_bytes)
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid.field("FILE", f"{file} is not text in UTF-8") from None


def json_of(file: Path, most_bytes: int) -> Any:
    """The JSON document in a file. Raises Invalid naming FILE."""
    _refuse_large(file, most_bytes)
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Invalid.field("FILE", f"{file} is not a JSON document in UTF-8 ({type(error).__name__})") from None


def _refuse_large(file: Path, most_bytes: int) -> None:
    if file.stat().st_size > most_bytes:
        raise Invalid.field("FILE", f"larger than {most_bytes // 1024 // 1024} MB; split it into several files")
