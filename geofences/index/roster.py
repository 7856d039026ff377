"""Fences by number and by id, over all snapshots that came of one build.

Owns the numbers: a number is given once and never to another fence, so what a change adds stands behind what there was. It
must not know geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from geofences.index.fence import Fence

OVERLAY = 512
"""Changes kept beside the large table before both are made one."""
RETIRED = -1


class Stored:
    """Fences that lie in a file and are made when they are asked for."""

    def __init__(self, count: int, make: Callable[[int], Fence], find: Callable[[str], int | None]) -> None:
        self.count, self.make, self.find = count, make, find


class Roster:
    """An immutable view; `fences[number]` is the fence of that number, iteration gives those that are not retired."""

    __slots__ = ("_base", "_count", "_made", "_overlay", "_stored")

    def __init__(
        self, made: list[Fence | None], base: dict[str, int], overlay: dict[str, int], count: int, stored: Stored | None
    ) -> None:
        self._made, self._base, self._overlay, self._count, self._stored = made, base, overlay, count, stored

    @classmethod
    def of(cls, fences: Sequence[Fence]) -> Roster:
        """ValueError: two of one id."""
        base = {fence.id: number for number, fence in enumerate(fences)}
        if len(base) != len(fences):
            raise ValueError("fence ids must be unique in an index")
        return cls(list(fences), base, {}, len(fences), None)

    @classmethod
    def of_file(cls, stored: Stored) -> Roster:
        return cls([None] * stored.count, {}, {}, stored.count, stored)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Fence:
        fence = self._made[number]
        if fence is None:
            assert self._stored is not None
            fence = self._made[number] = self._stored.make(number)
        return fence

    def __iter__(self) -> Iterator[Fence]:
        for number in range(len(self._made)):
            fence = self[number]
            if self.number_of(fence.id) == number:
                yield fence

    def number_of(self, fence_id: str) -> int | None:
        number = self._overlay.get(fence_id)
        if number is None:
            number = self._base.get(fence_id)
        if number is None and self._stored is not None:
            number = self._stored.find(fence_id)
        return None if number is None or number == RETIRED else number

    def plain(self) -> bool:
        """Nothing was ever changed: numbers are positions."""
        return self._count == len(self._made) and not self._overlay

    def changed(self, added: Sequence[Fence], retired: Collection[str], first: int) -> Roster:
        """The view after a change; the added fences have the numbers from `first` on."""
        overlay = dict(self._overlay)
        gone = {i for i in (*retired, *(f.id for f in added)) if self.number_of(i) is not None}
        overlay.update(dict.fromkeys(gone, RETIRED))
        self._made.extend([None] * (first - len(self._made)))
        self._made.extend(added)
        overlay.update((fence.id, first + i) for i, fence in enumerate(added))
        count, base = self._count - len(gone) + len(added), self._base
        if len(overlay) > OVERLAY:
            base, overlay = {**base, **overlay}, {}
        return Roster(self._made, base, overlay, count, self._stored)
