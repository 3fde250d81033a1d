"""The directory with which staff may sign in, as the settings describe it. Off by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from yinuo.kit.refusals import Malformed

PROVIDER = "staff"


def staff_directory(values: Mapping[str, Any]) -> dict[str, Any]:
    """What allauth needs to know of it; nothing where none is set. Asked is only for who it is: no name, no address."""
    issuer, client, secret = (values[f"YINUO_OIDC_{part}"] for part in ("ISSUER", "CLIENT", "SECRET"))
    if not issuer:
        return {}
    if not client or not secret:
        raise Malformed("A directory needs a client's name and its secret too.", path="YINUO_OIDC_CLIENT")
    parts = urlsplit(issuer)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}):
        raise Malformed("The directory must be reached by https.", path="YINUO_OIDC_ISSUER")
    app = {
        "provider_id": PROVIDER, "name": values["YINUO_OIDC_NAME"], "client_id": client, "secret": secret,
        "settings": {"server_url": issuer, "scope": ["openid"]},
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def form_target(issuer: str) -> str:
    """Where a browser may be sent by a form besides this site: the directory, if there is one."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
