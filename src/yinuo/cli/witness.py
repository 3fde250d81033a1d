"""`yinuo witness`: what somebody else runs, so that a log cannot show two histories. Needs no database, only its folder."""

from __future__ import annotations

import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

import click


@click.command
@click.option("--policy", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="The logs to witness (C2SP tlog-policy): a line 'log VKEY' for each key.")
@click.option("--data", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Where it keeps its key and what it saw last.")
@click.option("--name", default="", help="The name of its key, given at the first start, such as witness.example.org/w1.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65_535), help="The port to listen on.")
def command(policy: Path, data: Path, name: str, host: str, port: int) -> None:
    """Witness the logs of others: cosign a head only if it continues the last one (C2SP tlog-witness).

    For anybody who wants to be sure that a marketplace shows everyone the same record. It makes a key at its first start
    and prints it; the marketplace names that key in its policy. Never put an older copy of FOLDER back: start a new
    witness instead.

    \b
    Example:
      yinuo witness --policy logs.policy --data witness --name witness.example.org/w1
    """
    from yinuo.cli._witness_server import PATH, listen  # noqa: PLC0415 - `yinuo --help` must not wait for it
    from yinuo.kit.policies import parse_policy  # noqa: PLC0415
    from yinuo.kit.witness import open_witness  # noqa: PLC0415

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    trusted = parse_policy(policy.read_bytes())
    witness = open_witness(folder=data, policy=trusted, name=name, entropy=os.urandom)
    with listen(witness, host, port) as server:
        click.echo(f"This witness is {witness.signer.verifier.vkey}")
        click.echo(f"It follows {', '.join(witness.origins)}")
        click.echo(f"It listens at http://{f'[{host}]' if ':' in host else host}:{server.server_port}{PATH}")
        signal.signal(signal.SIGTERM, _end)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def _end(*_: object) -> None:
    raise KeyboardInterrupt
