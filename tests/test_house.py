"""The house keeps its order: what import-linter cannot see is checked here."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "yinuo"
FILES = sorted(SOURCE.rglob("*.py"))
CODE = [file for file in FILES if "migrations" not in file.parts]
ENTRANCES = {"cli", "config", "web"}


def test_foreign_keys_point_down():
    rank = {name: place for place, name in enumerate(settings.DOMAINS)}
    for model in apps.get_models():
        if not model.__module__.startswith("yinuo."):
            continue            # allauth's and Django's own tables are not ours to arrange
        for field in model._meta.concrete_fields:
            if field.related_model is None:
                continue
            here, there = model._meta.app_label, field.related_model._meta.app_label
            assert field.remote_field.related_name == "+", f"{field} leaves a way back up"
            if here != there and {here, there} <= rank.keys():
                assert rank[there] < rank[here], f"{field} points up"


def test_settings_layers_and_folders_agree():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [name for layer in contracts[0]["layers"] for name in layer.split(" | ")]
    folders = {folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists()}
    built = [name for name in reversed(layers) if not name.startswith("(")]
    assert set(built) == folders
    domains = [name for name in built if name in settings.DOMAINS]
    assert sorted(settings.DOMAINS) == sorted(domains) == sorted(contracts[3]["domains"])
    siblings = {"vault", "timers"}
    assert [name for name in domains if name not in siblings] == [n for n in settings.DOMAINS if n not in siblings]


def test_no_drawer_for_leftovers():
    assert not [file for file in FILES if file.stem in {"utils", "helpers", "common", "misc", "base"}]


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_module_and_public_name_promises(file):
    tree = ast.parse(file.read_text())
    if tree.body and file.name != "__init__.py":
        assert ast.get_docstring(tree), "the module needs a docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} needs a docstring"


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(SOURCE)))
def test_nothing_below_the_entrances_asks_for_the_time_or_luck(file):
    if file.relative_to(SOURCE).parts[0] in ENTRANCES or "bench" in file.parts:
        return
    text = file.read_text()
    for clock in ("datetime.now(", "timezone.now(", "date.today(", "time.time(", "os.urandom(", "os.environ"):
        assert clock not in text, f"{clock} belongs to the entrances"


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(SOURCE)))
def test_rows_are_made_only_by_actions(file):
    parts = file.relative_to(SOURCE).parts
    if "actions" in parts or file.stem in {"actions", "mirror"}:
        return
    assert not re.search(r"objects\.(bulk_)?(create|update_or_create|get_or_create)\(|\.save\(", file.read_text())


def test_nothing_of_this_workplace_is_committed():
    words = ("pypi" + ".org", "files.python" + "hosted", "/work" + "/", "/tmp" + "/", "npm" + "js")
    for file in [*ROOT.glob("requirements/*.txt"), *ROOT.glob("docs/**/*.md"), *FILES, ROOT / "README.md", ROOT / "Makefile"]:
        if not file.exists():
            continue
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            assert not any(word in line for word in words), f"{file}:{number}: {line.strip()}"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("record/queries/facts.py", "from yinuo.trade import queries as planted"),          # an import that points up
        ("credit/actions/judge.py", "from yinuo.trade.models import Order as planted"),   # another domain's tables
        ("trade/rules.py", "from django.conf import settings as planted"),            # Django among the rules
        ("trade/queries.py", "from yinuo.trade import actions as planted"),           # a question that acts
    ],
    ids=["upward", "foreign-table", "django-in-rules", "query-acts"],
)
def test_a_planted_import_breaks_a_contract(tmp_path, file, line):
    shutil.copytree(SOURCE, tmp_path / "src" / "yinuo", ignore=shutil.ignore_patterns("__pycache__", "static", "locale"))
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src/yinuo/trade/actions.py").write_text('"""Planted."""\n')
    planted = tmp_path / "src" / "yinuo" / file
    planted.write_text(planted.read_text() + f"\n{line}\n")
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'src'}:{tmp_path}"}, check=False,
    )
    assert found.returncode != 0
    assert "BROKEN" in found.stdout
