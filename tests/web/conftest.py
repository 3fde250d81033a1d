"""A small market of invented merchants, and a client that reads its pages."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def beside(name: str) -> ModuleType:
    """The module of that name beside the tests: not a package, so that pytest's importlib mode finds each file by itself."""
    spec = importlib.util.spec_from_file_location(f"web_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def market(db: None) -> ModuleType:
    """One merchant in every band, with courses, causes, reviews, ratings and a finding."""
    module = beside("market")
    module.fill()
    return module


@pytest.fixture
def words() -> ModuleType:
    """What finds every translatable text."""
    return beside("words")


@pytest.fixture
def mode(settings: Any) -> Any:
    """Sets who may see standings: mode("shadow")."""

    def setting(name: str) -> None:
        settings.YINUO = {**settings.YINUO, "YINUO_MODE": name}

    return setting
