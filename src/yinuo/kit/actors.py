"""Who acts, and whether they may: the first line of every action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from yinuo.kit.refusals import NotAllowed

Rule = Callable[["Actor", object], bool]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts: the roles it holds, and the surrogate it acts as."""

    name: str
    roles: frozenset[str] = field(default_factory=frozenset)

    def holds(self, role: str) -> bool:
        """Whether the actor has this role."""
        return role in self.roles


SYSTEM = Actor("system", frozenset({"system"}))
"""The installation itself: its worker and the operator at the command line."""
PUBLIC = Actor("public")
"""Anybody who reads a public page."""

_permissions: dict[str, frozenset[str]] = {}


def declare(permissions: Mapping[str, frozenset[str]]) -> None:
    """Name permissions and the roles that hold them; naming one twice is a mistake of the program."""
    for name, roles in permissions.items():
        if name in _permissions:
            raise ValueError(f"permission {name!r} is declared twice")
        _permissions[name] = roles


def permissions() -> dict[str, frozenset[str]]:
    """Every permission declared, with the roles that hold it."""
    return dict(_permissions)


def allow(actor: Actor, permission: str) -> None:
    """Return if the actor holds the permission by one of its roles; refuse otherwise.

    An undeclared permission raises KeyError: a misspelt one must never let anybody through.
    """
    if not actor.roles & _permissions[permission]:
        raise NotAllowed(f"{actor.name} may not {permission.replace('.', ': ').replace('_', ' ')}.")
