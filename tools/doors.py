"""Import-linter contract: a domain is entered only through its doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from grimp import ImportGraph


class Doors(Contract):
    """Other packages may import only the named modules of a domain; its API only `config`."""

    domains = fields.ListField(subfield=fields.StringField())
    doors = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every import that enters a domain elsewhere."""
        broken = [
            f"{importer} -> {imported}"
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if (home := self._home(imported)) and home != self._home(importer) and not self._is_door(imported, importer)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each."""
        for line in check.metadata["broken"]:
            output.print_error(line)

    def _home(self, module: str) -> str | None:
        parts = module.split(".")
        return parts[1] if len(parts) > 1 and parts[1] in self.domains else None  # type: ignore[operator]

    def _is_door(self, module: str, importer: str) -> bool:
        parts = module.split(".")
        if len(parts) < 3:
            return False
        return parts[2] in self.doors or (parts[2] == "api" and importer.startswith("yinuo.config."))  # type: ignore[operator]
