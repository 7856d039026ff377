"""Import-linter contract types of this house: doors, pure, vendors. Configured in pyproject.toml, run by `make check`."""

from __future__ import annotations

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class _Lister(Contract):
    """Collects `importer -> imported` lines in metadata and prints them with the remedy."""

    remedy = ""

    def _answer(self, wrong: list[str]) -> ContractCheck:
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(wrong)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["wrong"]:
            output.print_error(line)
        output.print_error(self.remedy)


class DoorsContract(_Lister):
    """A room is entered by its `contracts` and `facade` only, the named parts of the roof excepted."""

    remedy = "Import the room's `contracts` or `facade` instead."
    rooms: Any = fields.ListField(subfield=fields.StringField())
    doors: Any = fields.ListField(subfield=fields.StringField())
    may_enter_anywhere: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong: list[str] = []
        for room in self.rooms:
            doors = {room, *(f"{room}.{door}" for door in self.doors)}
            inside = {room, *graph.find_descendants(room)}
            for module in inside - doors:
                for importer in graph.find_modules_that_directly_import(module):
                    if importer in inside or _under(importer, self.may_enter_anywhere):
                        continue
                    wrong.append(f"{importer} -> {module}")
        return self._answer(wrong)


IMPURE = frozenset(["asyncio", "http", "multiprocessing", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib"])
"""Parts of the standard library that a rule has no business with: they read the world, or change it."""


class PureContract(_Lister):
    """Decision modules know no framework, database, clock or vendor, also not through somebody else."""

    remedy = "Pass what the rule needs (now, seed, verdict) as an argument."
    modules: Any = fields.ListField(subfield=fields.StringField())
    allowed: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong: list[str] = []
        for module in self.modules:
            if module not in graph.modules:
                wrong.append(f"{module} is listed as pure but is not there")
                continue
            for imported in graph.find_upstream_modules(module) | {module}:
                top = imported.split(".")[0]
                outside = graph.is_module_squashed(imported) if imported in graph.modules else False
                if outside and top not in self.allowed and (top not in sys.stdlib_module_names or top in IMPURE):
                    wrong.append(f"{module} -> ... -> {imported}")
                if imported in ("app.kernel.db", "app.kernel.http", "app.kernel.clock", "app.kernel.outbox", "app.kernel.logs"):
                    wrong.append(f"{module} -> ... -> {imported}")
        return self._answer(wrong)


class VendorsContract(_Lister):
    """Each vendor's library is spoken in one file."""

    remedy = "Speak to the vendor through the room's port; only its adapter imports the library."
    vendors: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong: list[str] = []
        for entry in self.vendors:
            vendor, _, only = (part.strip() for part in entry.partition(" in "))
            importers: set[str] = graph.find_modules_that_directly_import(vendor) if vendor in graph.modules else set()
            wrong += [f"{importer} -> {vendor}" for importer in importers if not _under(importer, only.split(" "))]
        return self._answer(wrong)


def _under(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)
