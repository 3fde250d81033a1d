"""Django as a WSGI application: `rsgi` beside it is what the web server runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yinuo.config.settings")

_CHARSET = re.compile(r""";\s*charset\s*=\s*("[^"]*"|[^;]*)""", re.IGNORECASE)
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request. A charset that is none of text is left out: Django would break at it before it has a page to show."""
    environ["CONTENT_TYPE"] = _CHARSET.sub(_of_text, environ.get("CONTENT_TYPE", ""))
    return _django(environ, start_response)


def _of_text(charset: re.Match[str]) -> str:
    try:
        b"xx".decode(charset[1].strip('" '), "ignore")        # of nothing at all Python asks no codec
    except (LookupError, ValueError):
        return ""
    return charset[0]
