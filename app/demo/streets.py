"""A walk from here to there along real streets: the graph of the road layer and Dijkstra's shortest path over it.

Pure: owns the graph and the route, in (lon, lat) degrees and metres. Must not know walkers, time or noise.
Method: Dijkstra (1959) with a binary heap; distances by the equirectangular approximation, good to 0.1 % within a city.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

Point = tuple[float, float]

EARTH_RADIUS_M = 6_371_008.8
NODE_EVERY_M = 20.0
STEP_OVER_M, STEPS_OVER = 25.0, 3
"""One leaves the street at any node this near, or at one of so many nearest."""


def distance_m(a: Point, b: Point) -> float:
    """Metres between two (lon, lat) points in degrees, for points within one city."""
    mean_lat = math.radians((a[1] + b[1]) / 2)
    east = math.radians(b[0] - a[0]) * math.cos(mean_lat)
    north = math.radians(b[1] - a[1])
    return EARTH_RADIUS_M * math.hypot(east, north)


def moved_by(at: Point, east_m: float, north_m: float) -> Point:
    """The point `east_m` and `north_m` metres from `at`."""
    return (
        at[0] + math.degrees(east_m / (EARTH_RADIUS_M * math.cos(math.radians(at[1])))),
        at[1] + math.degrees(north_m / EARTH_RADIUS_M),
    )


class Streets:
    """The walkable network. Only the largest connected part is kept, so that every pair of nodes has a route."""

    def __init__(self, lines: Iterable[Sequence[Point]]) -> None:
        edges: dict[Point, dict[Point, float]] = defaultdict(dict)
        for line in lines:
            dense = list(_every_few_metres(line))
            for a, b in itertools.pairwise(dense):
                if a != b:
                    edges[a][b] = edges[b][a] = distance_m(a, b)
        kept = _largest_part(edges)
        self._edges: dict[Point, dict[Point, float]] = {node: edges[node] for node in kept}
        self.nodes: tuple[Point, ...] = tuple(sorted(kept))
        self._near: dict[Point, dict[Point, float]] = {}

    def nearest(self, point: Point) -> Point:
        """The node nearest to `point`. Raises ValueError if there is no street at all."""
        return min(self.nodes, key=lambda node: distance_m(node, point))

    def length_m(self, a: Point, b: Point) -> float:
        """Length of the street between two neighbouring nodes; raises KeyError if they are not neighbours."""
        return self._edges[a][b]

    def near(self, point: Point) -> dict[Point, float]:
        """The few nodes from which one would step over to `point`, with the straight distance to it in metres."""
        if point not in self._near:
            reach = sorted((distance_m(node, point), node) for node in self.nodes)
            found = [(length, node) for at, (length, node) in enumerate(reach) if length <= STEP_OVER_M or at < STEPS_OVER]
            self._near[point] = {node: length for length, node in found}
        return self._near[point]

    def route(self, start: Point, goal: Point) -> list[Point]:
        """The shortest walk between two nodes, both included. Raises KeyError for a point that is no node."""
        if start not in self._edges or goal not in self._edges:
            raise KeyError("a route goes from node to node; walk() takes any point")
        return self._shortest({start: 0.0}, {goal: 0.0})

    def walk(self, start: Point, goal: Point) -> list[Point]:
        """From any point to any point: over to a street, along it, and over to the goal; no detour to a nearer corner."""
        return [start, *self._shortest(self.near(start), self.near(goal)), goal]

    def _shortest(self, starts: dict[Point, float], goals: dict[Point, float]) -> list[Point]:
        best = dict(starts)
        came: dict[Point, Point] = {}
        queue = [(walked, node) for node, walked in starts.items()]
        heapq.heapify(queue)
        reached, whole = None, math.inf
        while queue:
            walked, node = heapq.heappop(queue)
            if walked >= whole:
                break
            if walked > best[node]:
                continue
            if node in goals and walked + goals[node] < whole:
                reached, whole = node, walked + goals[node]
            for other, length in self._edges[node].items():
                further = walked + length
                if further < best.get(other, math.inf):
                    best[other], came[other] = further, node
                    heapq.heappush(queue, (further, other))
        assert reached is not None  # the graph is connected
        back = [reached]
        while back[-1] in came:
            back.append(came[back[-1]])
        return back[::-1]


def _every_few_metres(line: Sequence[Point]) -> Iterator[Point]:
    """The line with extra points, so that one may step off a long straight street at any door."""
    yield line[0]
    for a, b in itertools.pairwise(line):
        parts = max(1, math.ceil(distance_m(a, b) / NODE_EVERY_M))
        for part in range(1, parts):
            yield (a[0] + (b[0] - a[0]) * part / parts, a[1] + (b[1] - a[1]) * part / parts)
        yield b


def _largest_part(edges: dict[Point, dict[Point, float]]) -> set[Point]:
    unseen, largest = set(edges), set[Point]()
    while unseen:
        part, stack = set[Point](), [unseen.pop()]
        while stack:
            node = stack.pop()
            if node not in part:
                part.add(node)
                stack.extend(edges[node])
        unseen -= part
        if len(part) > len(largest):
            largest = part
    return largest


def path_length_m(path: Sequence[Point]) -> float:
    return sum(distance_m(a, b) for a, b in itertools.pairwise(path))
