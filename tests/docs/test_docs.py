"""What the documentation says is true: the reference equals the code, links resolve, commands exist, one of them runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import click
import pytest

from yinuo.cli import yinuo
from yinuo.config.api import api
from yinuo.config.environment import SETTINGS
from yinuo.credit.features import MEASURES
from yinuo.kit.actors import permissions
from yinuo.kit.facts import kinds

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/guide/*.md"), *ROOT.glob("docs/decisions/*.md")])
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
BEING_WRITTEN: frozenset[str] = frozenset()
SHELL = {"", "sh", "bash", "shell"}


def tool(file: str) -> Any:
    """A module of `tools`, which is no package that tests could import."""
    spec = spec_from_file_location(file, ROOT / "tools" / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = tool("reference")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def lines_of(page: Path) -> list[str]:
    """The lines of a page's shell blocks, and commands in backquotes in its text."""
    text = page.read_text()
    blocks = "\n".join(body for language, body in FENCE.findall(text) if language in SHELL)
    found = [line.removeprefix("$ ").strip() for line in blocks.replace("\\\n", " ").splitlines()]
    return found + [" ".join(code.split()) for code in re.findall(r"`((?:make|yinuo) [^`]+)`", FENCE.sub("", text))]


def words_of(line: str) -> list[str]:
    """A shell line as words: without variables set before it, its comment, and where its output goes."""
    line = re.split(r"\s+(?:\||>|&&|#)\s*", line)[0]
    words = shlex.split(line)
    while words and re.match(r"^[A-Z_]+=", words[0]):
        words = words[1:]
    return words


def commands(program: str) -> list[tuple[str, list[str]]]:
    """Every call of a program that a page shows, as (page, words after the program)."""
    found = []
    for page in PAGES:
        for line in lines_of(page):
            if not re.match(rf"^(?:[A-Z_]+=\S+ )*(?:\S*/)?{program}( |$)", line):
                continue
            found.append((name(page), words_of(line)[1:]))
    return found


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The reference as the code makes it now, in a process that no other test has touched."""
    program = "import json; from tools import reference; print(json.dumps(reference.pages()))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YINUO_")}
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    pages: dict[str, str] = json.loads(found.stdout)
    return pages


def test_the_reference_is_what_the_code_makes(made):
    written = {file.name: file.read_text() for file in reference.FOLDER.glob("*.md")}
    stale = sorted(page for page in made.keys() | written.keys() if made.get(page) != written.get(page))
    assert not stale, f"{', '.join(stale)} and the code disagree: run make reference"


def test_everything_has_its_line_in_the_reference():
    written = {file.stem: file.read_text() for file in reference.FOLDER.glob("*.md")}
    context = click.Context(yinuo)
    wanted = {
        "settings": [f"`{setting.name}`" for setting in SETTINGS],
        "facts": [f"## `{kind}`" for kind in kinds()],
        "features": [f"`{measure.name}`" for measure in MEASURES],
        "commands": [f"## `yinuo {command}`" for command in yinuo.list_commands(context)],
        "permissions": [f"`{permission}`" for permission in permissions()],
        "api": [f"{call.upper()} {path}`" for path, calls in api.get_openapi_schema()["paths"].items() for call in calls],
    }
    missing = [f"{page}: {word}" for page, words in wanted.items() for word in words if word not in written[page]]
    assert not missing


def test_everything_documented_says_what_it_is():
    assert not [setting.name for setting in SETTINGS if not setting.meaning.strip()]
    assert not [kind.name for kind in kinds().values() if not kind.sentence]
    assert not [
        f"{call} {path}" for path, calls in api.get_openapi_schema()["paths"].items() for call, told in calls.items()
        if not told.get("description") or not told.get("summary")
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page):
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"^[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            if name(target) not in BEING_WRITTEN:
                broken.append(link)
        elif anchor and anchor not in anchors_of(target):
            broken.append(link)
    assert not broken


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_decisions_are_numbered_and_listed():
    files = sorted(file.name for file in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [file[:4] for file in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    index = (ROOT / "docs" / "README.md").read_text()
    assert not [file for file in files if f"decisions/{file}" not in index]
    lacking = [file for file in files if "**Rejected.**" not in (ROOT / "docs" / "decisions" / file).read_text()]
    assert not lacking, "a decision tells what was rejected"


def test_the_pages_show_commands_at_all():
    assert {words[0] for _, words in commands("make") if words} >= {"demo", "test", "setup", "help"}
    assert {words[0] for _, words in commands("yinuo") if words} >= {"preview", "import", "explain", "rescore", "serve", "key"}


def test_every_make_target_shown_exists():
    unknown = [(page, words) for page, words in commands("make") if words and words[0] not in TARGETS]
    assert not unknown


def test_every_yinuo_command_shown_exists():
    wrong = [f"{page}: yinuo {' '.join(words)}: {fault}" for page, words in commands("yinuo") if (fault := fault_of(words))]
    assert not wrong


def fault_of(words: list[str]) -> str:
    """What is wrong with a command as shown: an unknown command or option; or nothing."""
    command: click.Command = yinuo
    context = click.Context(yinuo, info_name="yinuo")
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        if not re.fullmatch(r"[a-z]+", rest[0]):
            return ""                # "yinuo ..." in a sentence
        found = command.get_command(context, rest[0])
        if found is None:
            return f"there is no command {rest[0]!r}"
        command, context = found, click.Context(found, info_name=rest[0], parent=context)
        rest = rest[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    known |= set(context.help_option_names)
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no option {', '.join(unknown)}" if unknown else ""


def run(*words: str, data: Path) -> str:
    """What `yinuo` says in a folder of its own; it must end well and without a traceback."""
    environment = {"PATH": os.defpath, "YINUO_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-m", "yinuo", *words], cwd=data, env=environment, capture_output=True, text=True, timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_make_help_lists_every_target_that_is_told(tmp_path):
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True).stdout
    shown = {words[0] for _, words in commands("make") if words}
    assert not [target for target in shown if f"make {target} " not in said]


def test_the_start_of_the_guide_runs(tmp_path):
    """A smaller market than the guide's; the words are the guide's own."""
    text = (ROOT / "docs" / "guide" / "start.md").read_text()
    assert "yinuo simulate market.ndjson" in text
    assert "yinuo import market.ndjson --source demo" in text
    said = run("simulate", "market.ndjson", "--orders", "500", "--merchants", "24", "--buyers", "300", data=tmp_path)
    assert "market.ndjson.truth.json" in said
    said = run("import", "market.ndjson", "--source", "demo", data=tmp_path)
    assert " 0 refused" in said
    said = run("rescore", data=tmp_path)
    assert "24 merchants" in said
    said = run("explain", "merchant-00005", "--source", "demo", data=tmp_path)
    assert "scorecard " in said


def test_help_of_every_command_tells_what_it_does():
    context = click.Context(yinuo)
    for command in yinuo.list_commands(context):
        found = yinuo.get_command(context, command)
        assert found is not None
        assert found.help, f"yinuo {command} --help says nothing"
