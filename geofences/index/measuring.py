"""What the index costs, beside what others cost: every figure that is claimed for it is taken here.

Owns the measuring. Times are CPU seconds of this process; what is compared runs in turns, in the same minutes, and no time is
given before the answers are equal. It must not judge: the figures to reach stand beside the figures.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from geofences.index import kernel, workloads
from geofences.index.fence import Fence
from geofences.index.membership import Membership
from geofences.index.peers import DictMembership, DuckDb, PeerMissing
from geofences.index.reference import SlowIndex
from geofences.index.snapshot import FenceIndex
from geofences.shapes import Circle

ROUNDS = 5
BATCH = 10_000
CHANGES = 300


class Different(Exception):
    """Two ways gave different answers: no time is worth anything."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was found, and what is to be reached (None: only told), at least or at most."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = True

    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def cpu_s(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def in_turns(works: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each, round by round: a slow minute of the machine hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(cpu_s(work))
    return taken


def ratio(taken: Mapping[str, list[float]], ours: str, theirs: str) -> float:
    """How many times quicker, the median of the rounds."""
    return median(b / a for a, b in zip(taken[ours], taken[theirs], strict=True))


def made(choice: kernel.Choice, fences: list[Fence]) -> FenceIndex:
    with kernel.chosen(choice):
        return FenceIndex(fences)


def paths() -> tuple[kernel.Choice, ...]:
    return ("numpy", "compiled") if kernel.built() is not None else ("numpy",)


# -- point location ----------------------------------------------------------------------------------------------------


def index(fence_count: int, point_count: int, *, large: bool) -> Iterator[Figure | str]:
    """All of the index, figure by figure; `large`: from a file of ten times the fences too."""
    yield from location("W2", fence_count, point_count)
    yield from location("W2Z", fence_count, point_count // 4)
    yield from building(fence_count)
    yield from changing(fence_count)
    if large:
        with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
            yield from from_file(Path(folder), 10 * fence_count)


def location(name: str, fence_count: int, point_count: int) -> Iterator[Figure | str]:
    """A workload through every path and every peer: millions of points per CPU second, and how many times the peers'."""
    fences = workloads.fences(name, fence_count)
    fixes = workloads.fixes(point_count, fence_count)
    lat, lon = fixes.lat_deg, fixes.lon_deg
    indexes = {choice: made(choice, fences) for choice in paths()}
    tree = SlowIndex(fences)
    works: dict[str, Callable[[], Any]] = {c: (lambda i=index: i.locate(lat, lon)) for c, index in indexes.items()}
    works["strtree"] = lambda: tree.locate(lat, lon)
    peers = ["strtree"]
    expected = tree.locate(lat, lon)
    try:
        duck = DuckDb(fences)
        duck.take(lat, lon)
        works["duckdb"] = duck.locate
        peers.append("duckdb")
    except PeerMissing as missing:
        yield f"{name}: {missing}"
    differing = max(_differing(work(), expected) for work in works.values())
    yield Figure(f"{name} differing pairs", differing, "pairs", 0, at_least=False)
    if differing:
        raise Different(f"{name}: {differing} of {len(expected[0])} pairs differ")
    taken = in_turns(works, ROUNDS)
    for way, seconds in taken.items():
        yield Figure(f"{name} {way}", round(point_count / median(seconds) / 1e6, 3), "M points per CPU-s")
    if name == "W2Z":
        best = min(peers, key=lambda peer: median(taken[peer]))
        goals: list[tuple[str, str, float | None]] = [("compiled", best, 5.0), ("numpy", best, None)]
    else:
        goals = [("numpy", "strtree", 8.0), ("compiled", "strtree", 20.0)]
    for way, peer, target in goals:
        if way in taken:
            yield Figure(f"{name} {way} against {peer}", round(ratio(taken, way, peer), 1), "x", target)


def _differing(found: tuple[Any, Any], expected: tuple[Any, Any]) -> int:
    a, b = (np.sort((pairs[0].astype(np.int64) << 32) | pairs[1].astype(np.int64)) for pairs in (found, expected))
    return len(np.setxor1d(a, b)) + abs(len(a) - len(b))


# -- build, size, change -----------------------------------------------------------------------------------------------


def building(fence_count: int) -> Iterator[Figure]:
    """CPU seconds per 100,000 fences, and bytes a fence with its geometry."""
    fences = workloads.fences("W2", fence_count)
    gc.collect()
    seconds = median(cpu_s(lambda: FenceIndex(fences)) for _ in range(3))
    yield Figure("build per 100k fences", round(seconds * 100_000 / fence_count, 3), "CPU-s", 1.0, at_least=False)
    size = sum(array.nbytes for _, array in FenceIndex(fences).arrays.named())
    yield Figure("size with geometry", round(size / fence_count), "bytes a fence", 600, at_least=False)


def changing(fence_count: int) -> Iterator[Figure]:
    """Adds, moves and retirements, one at a time; then the whole is compared with a fresh index."""
    fences = workloads.fences("W2", fence_count)
    others = workloads.fences("W1", max(CHANGES, 1000))
    for choice in paths():
        with kernel.chosen(choice):
            index = FenceIndex(fences)
            seconds: list[float] = []
            for i in range(CHANGES):
                moved = Fence(fences[i].id if i % 3 == 1 else f"new_{i}", "", "", others[i].shape)
                added, retired = ([], [fences[-1 - i].id]) if i % 3 == 2 else ([moved], [])
                begun = time.process_time()
                index = index.changed(added, retired, i)
                seconds.append(time.process_time() - begun)
            alive = list(index.fences)
            fixes = workloads.fixes(100_000, fence_count)
            around = np.array([(f.shape.lat_deg, f.shape.lon_deg) for f in others[:CHANGES] if isinstance(f.shape, Circle)])
            lat, lon = np.concatenate([fixes.lat_deg, around[:, 0]]), np.concatenate([fixes.lon_deg, around[:, 1]])
            point, number = index.locate(lat, lon)
            fresh_point, fresh_number = FenceIndex(alive).locate(lat, lon)
            now = {(p, index.fences[n].id) for p, n in zip(point.tolist(), number.tolist(), strict=True)}
            fresh = {(p, alive[n].id) for p, n in zip(fresh_point.tolist(), fresh_number.tolist(), strict=True)}
        if now != fresh:
            raise Different(f"after {CHANGES} changes {len(now ^ fresh)} pairs differ from a fresh index")
        target = 200.0 if choice == paths()[-1] else None
        yield Figure(f"one change, {choice}, median", round(median(seconds) * 1e6), "us", target, at_least=False)


def from_file(folder: Path, fence_count: int) -> Iterator[Figure]:
    """A file of very many fences, made in one process and loaded in another: seconds and memory until the first answer."""
    path = folder / "large.index"
    _elsewhere(f"from geofences.index import FenceIndex, workloads; FenceIndex(workloads.fences('W3', {fence_count})).save(Path({str(path)!r}))")
    found = json.loads(
        _elsewhere(
            "import json, time, resource\n"
            "from geofences.index import FenceIndex, workloads\n"
            f"fixes = workloads.fixes(200_000, {fence_count})\n"
            "resident = lambda: int(Path('/proc/self/status').read_text().split('VmRSS:')[1].split()[0]) / 1024\n"
            "before = resident()\n"
            "begun = time.perf_counter()\n"
            f"index = FenceIndex.load(Path({str(path)!r}))\n"
            "loaded = time.perf_counter() - begun\n"
            "pairs = len(index.locate(fixes.lat_deg, fixes.lon_deg)[0])\n"
            "print(json.dumps([loaded, resident() - before, pairs, len(index)]))"
        )
    )
    yield Figure(f"{found[3]} fences load", round(found[0], 3), "s", 0.5, at_least=False)
    yield Figure(f"{found[3]} fences, memory after 200,000 questions", round(found[1]), "MB", 600, at_least=False)


def _elsewhere(program: str) -> str:
    command = [sys.executable, "-c", "from pathlib import Path\n" + program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own program


# -- location and state ------------------------------------------------------------------------------------------------


def detecting(fence_count: int, fix_count: int) -> Iterator[Figure | str]:
    """Enters and exits in batches of 10,000 and one by one, against the tree and a dict."""
    fences = workloads.fences("W2", fence_count)
    fixes = workloads.fixes(fix_count, fence_count)
    tree = SlowIndex(fences)
    taken: dict[str, list[float]] = {name: [] for name in (*paths(), "strtree and dict")}
    count = 0
    for _ in range(3):
        states: dict[str, Any] = {"strtree and dict": DictMembership(tree)}
        for choice in paths():
            with kernel.chosen(choice):
                states[choice] = Membership(FenceIndex(fences))
        events: dict[str, list[tuple[int, int, bool]]] = {name: [] for name in states}
        spent = dict.fromkeys(states, 0.0)
        for at in range(0, fix_count, BATCH):
            some = slice(at, at + BATCH)
            batch = (fixes.device_no[some], fixes.at_s[some], fixes.lat_deg[some], fixes.lon_deg[some])
            for name, state in states.items():
                begun = time.process_time()
                told: Any = state.step(*batch)
                spent[name] += time.process_time() - begun
                rows = told if isinstance(told, list) else list(zip(*(c.tolist() for c in told), strict=True))
                events[name] += [(at + row, fence, entered) for row, fence, entered in rows]
        for name, told in events.items():
            if told != events["strtree and dict"]:
                raise Different(f"{name} tells other events than the tree and the dict")
            taken[name].append(spent[name])
        count = len(events["strtree and dict"])
    yield Figure("events, all the same", count, f"of {fix_count} fixes")
    for name, seconds in taken.items():
        yield Figure(f"location and state, {name}", round(fix_count / median(seconds) / 1e6, 3), "M fixes per CPU-s")
    for choice, target in zip(paths(), (5.0, 30.0), strict=False):
        yield Figure(f"location and state, {choice} against strtree and dict", round(ratio(taken, choice, "strtree and dict"), 1), "x", target)
    yield from _one_by_one(fences, fixes)


def _one_by_one(fences: list[Fence], fixes: workloads.Fixes) -> Iterator[Figure]:
    some = slice(0, 50_000)
    every = list(zip(*(c[some].tolist() for c in (fixes.device_no, fixes.at_s, fixes.lat_deg, fixes.lon_deg)), strict=True))
    for choice in paths():
        with kernel.chosen(choice):
            index = FenceIndex(fences)
            seconds: list[float] = []
            for _ in range(3):
                state = Membership(index)
                begun = time.process_time()
                for fix in every:
                    state.step_one(*fix)
                seconds.append(time.process_time() - begun)
        target = 5.0 if choice == paths()[-1] else None
        yield Figure(f"a single fix with state, {choice}", round(median(seconds) / len(every) * 1e6, 2), "us", target, at_least=False)
