"""Credit over HTTP: what anybody may read, a merchant's own view and objections, and what stewards see."""

from ninja import Router

from yinuo.credit.api import ahead, numbers, own, public, runs, settling, shown

router = Router()
router.add_router("", public.router)
router.add_router("", shown.router)
router.add_router("", numbers.router)
for_people = Router()
for_people.add_router("", own.router)
for_people.add_router("", ahead.router)
for_people.add_router("", settling.router)
for_people.add_router("", runs.router)      # after the one that knows /credit/runs/waiting: that is no run

__all__ = ["for_people", "router"]
