"""Take a picture of every page: English and Chinese, phone and desktop, light and dark; eight to a sheet.

    python -m tools.pictures FOLDER [NAME...]

FOLDER/market is made anew each time, an invented market with people and cases; FOLDER/sheets holds a sheet for each page,
FOLDER/pages every picture in full. With NAMEs, only pictures whose names begin so. Needs Chromium and playwright.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

from tools.pictures import cases
from tools.pictures.pages import PICTURES, Picture, forgotten

ORDERS = 6_000
LANGUAGES = ("en", "zh-hans")
DEVICES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
SCHEMES = ("light", "dark")
FORMS = list(product(DEVICES, LANGUAGES, SCHEMES))
PATIENCE_MILLISECONDS = 20_000
SHEET_HEIGHT = 1500     # of a page's picture on its sheet; the rest is in FOLDER/pages
Form = tuple[str, str, str]


def main() -> None:
    """Take the pictures of the market, and of an installation where nothing has happened."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder, wanted = Path(sys.argv[1]).resolve(), tuple(each for each in sys.argv[2:] if each != "--bare")
    bare = "--bare" in sys.argv
    chosen = [each for each in PICTURES if each.name.startswith(wanted or "") and each.bare == bare]
    if not bare and any(each.bare and each.name.startswith(wanted or "") for each in PICTURES):
        subprocess.run([sys.executable, "-m", "tools.pictures", str(folder), *wanted, "--bare"], check=True)  # noqa: S603
    if chosen:
        take(chosen, folder, bare=bare)


def take(pictures: Sequence[Picture], folder: Path, *, bare: bool) -> None:
    """Make the installation and take these pictures of it."""
    data = folder / ("bare" if bare else "market")
    shutil.rmtree(data, ignore_errors=True)
    os.environ |= {"YINUO_DATA": str(data), "YINUO_DATABASE": "", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    os.environ.setdefault("YINUO_REALM", "Demo Market")
    if not bare:
        demo = [sys.executable, "-m", "yinuo", "demo", "--no-serve", "--orders", str(ORDERS), "--folder", str(data)]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    from yinuo.cli import set_up  # noqa: PLC0415 - only once the folder is chosen

    set_up()
    from yinuo.cli._here import open_vault  # noqa: PLC0415

    open_vault()
    if missing := forgotten():
        sys.exit(f"tools/pictures/pages.py knows nothing of, or too much of: {', '.join(sorted(missing))}")
    scene = cases.bare() if bare else cases.fill()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with serving() as url, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        camera = Camera(browser, url, scene, folder)
        for picture in pictures:
            camera.take(picture)
        browser.close()
    for trouble in camera.troubles:
        sys.stderr.write(f"{trouble}\n")


class Camera:
    """A browser that takes pictures; what it noticed on the way is in `troubles`."""

    def __init__(self, browser: Any, url: str, scene: cases.Scene, folder: Path) -> None:
        self._browser, self._url, self._scene, self._folder = browser, url, scene, folder
        self._sessions: dict[str, str] = {}
        self.troubles: list[str] = []
        for name in ("pages", "sheets"):
            (folder / name).mkdir(exist_ok=True, parents=True)

    def take(self, picture: Picture) -> None:
        """One picture in its eight forms, and their sheet."""
        for number, form in enumerate(FORMS):
            who = f"leaver-{number}" if picture.who == "leaver" else picture.who
            with self._opened(form, who) as page:
                self._take(page, picture, form)
        self._lay(picture)

    def _take(self, page: Any, picture: Picture, form: Form) -> None:
        from django.core.cache import cache  # noqa: PLC0415
        from django.urls import reverse  # noqa: PLC0415
        from playwright.sync_api import Error  # noqa: PLC0415

        cache.clear()       # attempts that fail are counted
        known = self._scene.known
        where = f"{picture.name} {' '.join(form)}"
        page.on("console", lambda said: self._note(where, said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda fault: self._note(where, str(fault)))
        address = reverse(picture.page, args=[known.get(arg, arg) for arg in picture.args])
        response = page.goto(self._url + address + picture.query.format(**known), wait_until="load")
        if response.status != (404 if picture.name == "not-found" else 200):
            self._note(where, f"answered {response.status}")
        if picture.do is not None:
            try:
                picture.do(page)
            except Error as fault:
                self._note(where, str(fault).splitlines()[0])
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > DEVICES[form[0]]["width"]:
            self._note(where, f"is {wide} wide")
        page.screenshot(path=self._path(picture, form), full_page=True, animations="disabled")

    def _note(self, where: str, what: str) -> None:
        if "404" not in what and "403" not in what:
            self.troubles.append(f"{where}: {what}")

    def _path(self, picture: Picture, form: Form) -> Path:
        return self._folder / "pages" / f"{picture.name}-{'-'.join(form)}.png"

    @contextmanager
    def _opened(self, form: Form, who: str) -> Iterator[Any]:
        device, language, scheme = form
        context = self._browser.new_context(
            viewport=DEVICES[device], color_scheme=scheme, locale="en-GB" if language == "en" else "zh-CN"
        )
        cookies = {"django_language": language}
        if who:
            cookies["sessionid"] = self._session(who)
        context.add_cookies([{"name": name, "value": value, "url": self._url} for name, value in cookies.items()])
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        try:
            yield context.new_page()
        finally:
            context.close()

    def _session(self, who: str) -> str:
        if who not in self._sessions:
            name, _, number = who.partition("-")
            account = self._scene.leavers[int(number)] if name == "leaver" else self._scene.people[who]
            self._sessions[who] = cases.session(account)
        return self._sessions[who]

    def _lay(self, picture: Picture) -> None:
        """Eight pictures on a sheet: phones above, desktops below, at half their size."""
        cells = "".join(
            f'<figure class="{form[0]}"><figcaption>{picture.name} · {" · ".join(form)}</figcaption>'
            f'<img src="{self._path(picture, form).as_uri()}"></figure>'
            for form in FORMS
        )
        style = (
            "body{margin:0;padding:12px;background:#777;font:13px sans-serif;color:#fff;width:2624px;display:flex;"
            "flex-wrap:wrap;gap:12px;align-items:flex-start}figure{margin:0;width:640px;overflow:hidden}"
            f"img{{display:block;width:640px;max-height:{SHEET_HEIGHT}px;object-fit:cover;object-position:top}}"
            ".phone img{width:390px;margin:auto}"
        )
        html = self._folder / "sheet.html"
        html.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{cells}")
        page = self._browser.new_page(viewport={"width": 2648, "height": 900})
        page.goto(html.as_uri())
        page.screenshot(path=self._folder / "sheets" / f"{picture.name}.png", full_page=True)
        page.close()
        html.unlink()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def serving() -> Iterator[str]:
    """The site on this machine, on a free port: its address."""
    from socketserver import ThreadingMixIn  # noqa: PLC0415
    from wsgiref.simple_server import WSGIServer, make_server  # noqa: PLC0415

    from yinuo.config.wsgi import application  # noqa: PLC0415 - only once the folder is chosen

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    found: Callable[..., Any] = application
    server = make_server("127.0.0.1", 0, found, server_class=Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
