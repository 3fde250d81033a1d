"""The record over HTTP: state facts, be told of them, read the log that proves them."""

from ninja import Router

from yinuo.record.api import facts, log, shown, webhooks

router = Router()
router.add_router("", facts.router)
router.add_router("", log.router)
router.add_router("", shown.router)
router.add_router("", webhooks.router)
for_both = webhooks.for_both

__all__ = ["for_both", "router"]
