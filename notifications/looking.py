"""A thread that looks for what is due: when it is woken, and when it has waited.

Owns its life: started once, woken from any thread, stopped with patience for what is on its way. Must not know what is looked for: that
is what `_run` of a kind of it does, until `_stopping` is set.
"""

from __future__ import annotations

import threading


class LookingThread:
    """`start` once; `wake` from any thread; `stop` waits at most `patience_s` for what is on its way."""

    def __init__(self, name: str, *, patience_s: float) -> None:
        self._patience_s = patience_s
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._patience_s)

    def _run(self) -> None:
        raise NotImplementedError
