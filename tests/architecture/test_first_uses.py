"""What a process reads for the first time, it may read in many threads at once.

msgspec looks at a class at its first use; a second thread that uses it meanwhile ends the process, without a word. Seen to
fail (by the signal SIGSEGV, each time) with the decoders made at the first use instead of at import.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
READ = """
import contextlib, sys, threading

from offers import caveats, decision, definition, facade, reserving
import msgspec
from offers.segments import Segment

sys.setswitchinterval(1e-6)
reads = (
    lambda: caveats.from_json('{"caveats": []}'),
    lambda: reserving._read_quote('{"lines": []}'),
    lambda: msgspec.convert({"all": []}, Segment),
    lambda: definition.definition_from({"name": "x"}),
    lambda: decision.record_from('{"inputs": {}}'),
    lambda: decision.result_from('{"outcome": "offer"}'),
)
together = threading.Barrier(16)

def use(read):
    together.wait()
    with contextlib.suppress(msgspec.ValidationError):  # not a whole one; but its class had to be known
        read()

for read in reads:
    threads = [threading.Thread(target=use, args=(read,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


class TestFirstUses:
    def test_sixteen_threads_at_once(self) -> None:
        assert subprocess.run([sys.executable, "-c", READ], cwd=ROOT, check=False).returncode == 0

    def test_nobody_decodes_without_a_decoder(self) -> None:
        """`msgspec.json.decode(..., type=X)` looks at X when it is first called."""
        rooms = [ROOT / name for name in ("app", "geofences", "offers", "storefront", "notifications")]
        found = [path for room in rooms for path in room.rglob("*.py") if re.search(r"(json|msgpack)\.decode\([^\n]*type=", path.read_text())]
        assert found == []
