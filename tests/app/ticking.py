"""A process with a timetable, for tests that start several: `python -m tests.app.ticking URL TTL_S`.

It says `alive` whether it leads or not and `tick` with each job, and stops itself (SIGSTOP) at the end of a job when told so by SIGUSR1:
stopped from outside it might stand between asking whether it leads and beginning.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from app.kernel.db import Database
from app.kernel.leases import Tenure
from app.scheduler import Job, Scheduler

EVERY_S = 0.1


def main() -> None:
    url, ttl_s = sys.argv[1], float(sys.argv[2])
    stall, end = threading.Event(), threading.Event()

    def tick() -> None:
        print("tick", flush=True)
        if stall.is_set():
            stall.clear()
            os.kill(os.getpid(), signal.SIGSTOP)

    signal.signal(signal.SIGUSR1, lambda *_: stall.set())
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    database = Database(url, pool_size=2)
    timetable = Scheduler([Job("tick", EVERY_S, tick)], Tenure(database, "timetable", ttl_s=ttl_s, beat_s=EVERY_S))
    pulse = Scheduler([Job("alive", EVERY_S, lambda: print("alive", flush=True))])
    timetable.start()
    pulse.start()
    end.wait()
    timetable.stop()
    pulse.stop()
    database.close()


if __name__ == "__main__":
    main()
