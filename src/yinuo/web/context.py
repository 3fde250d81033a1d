"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    """The marketplace's name, and who may see standings."""
    return {"realm": settings.YINUO["YINUO_REALM"], "mode": settings.YINUO["YINUO_MODE"]}
