"""`yinuo serve`: the web server, and one worker beside it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

import click

from yinuo.cli import set_up
from yinuo.cli._lock import hold
from yinuo.cli.worker import calm_collector
from yinuo.kit.refusals import Refusal

WORKER_STOP_SECONDS = 30.0
WORKER_RESTART_SECONDS = 3.0


class PortTaken(Refusal):
    """Another program listens there."""

    code = "port-taken"


@click.command
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535), help="The port to listen on.")
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 64), help="How many serve requests.")
@click.option("--no-worker", is_flag=True, help="Serve only; `yinuo worker` runs elsewhere.")
def command(host: str, port: int, processes: int, no_worker: bool) -> None:
    """Serve pages and the API, and start the worker that seals and follows what comes in.

    Ctrl-C stops both; a request or a batch that is being worked on is finished first.
    """
    check_port(host, port)
    set_up()
    from django.conf import settings  # noqa: PLC0415 - only after set-up
    from django.db import connections  # noqa: PLC0415

    hold(settings.DATA)
    calm_collector()
    connections.close_all()     # the server forks, and a database connection must not be shared
    stopping = threading.Event()
    worker = None if no_worker else _Worker(stopping)
    click.echo(f"Yinuo is at http://{f'[{host}]' if ':' in host else host}:{port}/ - stop it with Ctrl-C.")
    try:
        _serve(host, port, processes)
    finally:
        stopping.set()
        if worker is not None:
            worker.stop()
    click.echo("Stopped.")


def _serve(host: str, port: int, processes: int) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415 - `yinuo --help` must not wait for it
    from granian.log import LogLevels  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    Server(
        target="yinuo.config.rsgi:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=processes,
        websockets=False,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Cannot listen on {host} port {port}: {error.strerror}. Choose another one with --port."
            ) from None


class _Worker:
    """`yinuo worker` as a child: started again should it die, and ended with us, however we end."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._child = self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Let it finish its batch; end it by force only if it takes too long."""
        self._child.terminate()
        try:
            self._child.wait(WORKER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        # The pipe has no other use than to close when we are gone, also by kill -9.
        return subprocess.Popen([sys.executable, "-m", "yinuo", "worker", "--while-parent"], stdin=subprocess.PIPE)

    def _watch(self) -> None:
        while True:
            self._child.wait()
            if self._stopping.wait(WORKER_RESTART_SECONDS):
                return
            click.echo("yinuo: the worker ended unexpectedly; starting it again.", err=True)
            self._child = self._start()
