"""What is loaded when Django starts: every domain's kinds of fact and permissions."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings

from yinuo.kit import actors


class Configuration(AppConfig):
    """Registers facts and permissions of all domains, bottom first."""

    name = "yinuo.config"

    def ready(self) -> None:
        """Import each domain's events; declare its permissions once."""
        for domain in settings.DOMAINS:
            if find_spec(f"yinuo.{domain}.events"):
                import_module(f"yinuo.{domain}.events")
            if find_spec(f"yinuo.{domain}.rules"):
                rules = import_module(f"yinuo.{domain}.rules")
                actors.declare(getattr(rules, "PERMISSIONS", {}))
