"""The record over HTTP: state facts, and read the log that proves them."""

from ninja import Router

from yinuo.record.api import facts, log

router = Router()
router.add_router("", facts.router)
router.add_router("", log.router)

__all__ = ["router"]
