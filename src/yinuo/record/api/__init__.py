"""The record over HTTP: state facts, be told of them, and read the log that proves them."""

from ninja import Router

from yinuo.record.api import facts, log, webhooks

router = Router()
router.add_router("", facts.router)
router.add_router("", log.router)
router.add_router("", webhooks.router)

__all__ = ["router"]
