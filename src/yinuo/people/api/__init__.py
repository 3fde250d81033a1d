"""People over HTTP: a shop hands its users over; a person's program acts for them, for their team, and on their rights."""

from ninja import Router

from yinuo.people.api import account, invitations, looks, rights, team

router = Router()
router.add_router("", invitations.router)
for_people = Router()
for_people.add_router("", account.router)
for_people.add_router("", team.router)
for_people.add_router("", rights.router)
for_people.add_router("", looks.router)

__all__ = ["for_people", "router"]
