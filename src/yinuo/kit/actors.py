"""Who acts, and whether they may: the first line of every action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from yinuo.kit.refusals import NotAllowed

_NOBODY: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts: its name, the roles it holds everywhere, and those it holds for somebody only.

    `own` gives, by the surrogate of a merchant or buyer, the roles in which it acts for them: a team's member, or the buyer.
    `again` reads the roles anew (`read_anew`); where there is none, they are what they are.
    """

    name: str
    roles: frozenset[str] = field(default_factory=frozenset)
    own: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NOBODY)
    again: Callable[[], Actor] | None = field(default=None, compare=False, repr=False)

    def holds(self, role: str) -> bool:
        """Whether the actor has this role everywhere."""
        return role in self.roles

    def roles_for(self, subject: str) -> frozenset[str]:
        """The roles in which the actor may act about this subject: those held everywhere, and those held for it."""
        return self.roles | self.own.get(subject, frozenset())

    @property
    def is_human(self) -> bool:
        """Whether a person acts: neither the installation itself nor a source."""
        return self.name.startswith(HUMAN)


HUMAN = "account:"
"""How the name of an actor begins that is a signed-in person; the account's number follows."""
SOURCE = "source:"
"""How whoever decided is named where it was a shop's own system; the source's name follows."""


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


def read_anew(actor: Actor) -> Actor:
    """The actor with the roles in force now: the first line of an action that moves points, inside its transaction.

    Whoever lost a role since the request began, in this process or another, no longer holds it.
    """
    return actor if actor.again is None else actor.again()


def allow(actor: Actor, permission: str, about: str | None = None) -> None:
    """Return if the actor holds the permission by one of its roles; refuse otherwise.

    `about` is the merchant or buyer whose affair it is: roles held for somebody count there, and nowhere else. An undeclared
    permission raises KeyError: a misspelt one must never let anybody through.
    """
    roles = actor.roles if about is None else actor.roles_for(about)
    if not roles & _permissions[permission]:
        raise NotAllowed(f"You may not do that: it takes the permission {permission}.")
