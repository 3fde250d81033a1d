"""The `yinuo` command: one file per command, found by name; a refusal ends in one sentence and an exit code."""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module
from keyword import iskeyword

import click

from yinuo import __version__
from yinuo.cli._hint import with_hints
from yinuo.kit.refusals import Refusal

EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130


class Commands(click.Group):
    """Loads a command's module only when it is asked for, so that `yinuo --help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(name.rstrip("_") for _, name, _ in pkgutil.iter_modules(__path__) if name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name: the function `command` in the module of the same name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name + "_" if iskeyword(cmd_name) else cmd_name
        found = import_module(f"{__name__}.{name}").command
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="yinuo")
def yinuo() -> None:
    """Yinuo, the open trust layer of a marketplace.

    Takes in what happens in a shop, keeps it in a record, and turns it into credit that anybody can check.
    Settings are YINUO_* variables; see docs/reference/settings.md.
    """


def set_up(*, another_log: bool = False) -> None:
    """Start Django and bring the database up to date; commands that touch the record call this first.

    Refuses an installation that is not the one the database belongs to; with `another_log` only its log may be.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.config.settings")
    import django  # noqa: PLC0415 - `yinuo --help` must not wait for it

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - only after setup

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    from yinuo.cli._here import open_vault, recognise  # noqa: PLC0415

    recognise(another_log=another_log)
    open_vault()


def main() -> None:
    """Run the command; a user's mistake ends in a sentence, never in a traceback."""
    try:
        code = yinuo.main(standalone_mode=False)     # click returns an Exit's code instead of raising it
        sys.exit(code if isinstance(code, int) else 0)
    except Refusal as refusal:
        click.echo(f"yinuo: {with_hints(str(refusal))}", err=True)
        sys.exit(EXIT_REFUSED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("yinuo: stopped.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(0)
