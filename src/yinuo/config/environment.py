"""Every setting there is: one list, each from a `YINUO_*` variable through one typed reader, each documented."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from yinuo.config.keks import KEKS
from yinuo.kit.guarded import REACHES
from yinuo.kit.refusals import Malformed
from yinuo.vault.rules import JURISDICTIONS


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its variable, its default as text, how to read it, and what it does."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str

    def value(self, environment: Mapping[str, str]) -> Any:
        """The setting's value; refuses a text that cannot be read, naming the variable."""
        text = environment.get(self.name, self.default)
        try:
            return self.read(text)
        except ValueError as error:
            raise Malformed(f"{text!r} will not do: {error}", path=self.name) from None


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return text

    return read


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _switch(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not lowest <= number <= highest:
            raise ValueError(f"it must be {lowest:,} to {highest:,}")
        return number

    return read


def database(url: str) -> dict[str, Any]:
    """Django's description of a database, from `sqlite:///FILE` or `postgresql://user:password@host:port/name`; empty for "".
    """
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path:
        return sqlite(Path(unquote(parts.path[1:])))  # sqlite:///FILE, and sqlite:////FILE from the root
    if parts.scheme == "postgresql" and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ValueError("it must look like sqlite:///FILE or postgresql://user@host:5432/name")


def sqlite(file: Path) -> dict[str, Any]:
    """Django's description of an SQLite file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",  # a transaction that will write waits at its start, not half way
            "timeout": 30,
            # secure_delete: what is deleted is overwritten, so that an erased person is nowhere in the file.
            # recursive_triggers: without it INSERT OR REPLACE would delete an entry past the triggers that refuse it.
            # wal_autocheckpoint: 32,000 pages (125 MB); a page written over and over is copied into the file less often.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON; "
                "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; "
                "PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=32000;"
            ),
        },
    }


SETTINGS = (
    Setting("YINUO_DATA", "var", Path, "The folder for everything the installation keeps: database, archive, keys."),
    Setting(
        "YINUO_DATABASE",
        "",
        database,
        "The database; by default SQLite in the data folder. One setting moves to PostgreSQL: "
        "`postgresql://user:password@host:5432/name`.",
    ),
    Setting("YINUO_HOSTS", "127.0.0.1,localhost,[::1]", _words, "The host names under which the site may be reached."),
    Setting(
        "YINUO_DEBUG", "no", _switch, "Show error details in the browser: `yes` on a developer's own machine only."
    ),
    Setting(
        "YINUO_LANGUAGE",
        "en",
        _one_of("en", "zh-hans"),
        "The language of a page whose reader's browser names none we have.",
    ),
    Setting("YINUO_TIME_ZONE", "UTC", str, "The time zone in which pages show times."),
    Setting(
        "YINUO_CALENDAR", "", _file,
        "The file with the working hours and holidays by which deadlines are counted: [how it is written]"
        "(../guide/operate.md#working-hours); by default Monday to Friday from 9:00 to 18:00 in `YINUO_TIME_ZONE`, without "
        "holidays.",
    ),
    Setting(
        "YINUO_MODE",
        "public",
        _one_of("preview", "shadow", "subjects", "public"),
        "Who sees standings: nobody but the operator (`preview`, `shadow`), each merchant its own (`subjects`), "
        "everybody (`public`).",
    ),
    Setting(
        "YINUO_ENGINE",
        "duckdb",
        _one_of("duckdb", "spark"),
        "What adds up the daybook: DuckDB in memory, or Spark (extra `spark`).",
    ),
    Setting("YINUO_BODY_MEGABYTES", "16", _number(1, 1024), "How large one request to the API may be."),
    Setting("YINUO_BODY_SECONDS", "60", _number(1, 3600), "How long the body of one request may take to arrive."),
    Setting(
        "YINUO_REFUSED_MAX",
        "100000",
        _number(1, 100_000_000),
        "How many refused events of one source may wait for correction before its batches that hold more are refused whole.",
    ),
    Setting(
        "YINUO_REFUSED_DAYS", "30", _number(1, 30),
        "After how many days at the latest a refused event is dropped that nobody corrected; the worker does it.",
    ),
    Setting(
        "YINUO_ORIGIN", "", str,
        "The name of the record's log, such as `example.com/yinuo`, given before the first start; by default one of its own.",
    ),
    Setting(
        "YINUO_POLICY", "", _file,
        "The file (C2SP tlog-policy) that names the witnesses of the record's log, with their addresses, and how many are "
        "enough; by default there are none.",
    ),
    Setting("YINUO_WITNESS_MINUTES", "10", _number(1, 1440), "How often the worker shows the newest head to the witnesses."),
    Setting(
        "YINUO_TSA", "", _words,
        "The addresses of time-stamping authorities (RFC 3161) that stamp the newest head, with commas between; by default "
        "none.",
    ),
    Setting(
        "YINUO_TSA_CERTIFICATES", "", _file,
        "The folder with a file HOST.pem for each authority: the certificates by which its time stamps are believed.",
    ),
    Setting("YINUO_TSA_MINUTES", "60", _number(1, 10_080), "How often the worker has the newest head stamped."),
    Setting(
        "YINUO_OPENTIMESTAMPS", "", _words,
        "The addresses of OpenTimestamps calendars that anchor the newest head once a day (extra `opentimestamps`); "
        "by default none.",
    ),
    Setting(
        "YINUO_JURISDICTION",
        "cn",
        _one_of(*JURISDICTIONS),
        "Whose law says how long personal data is kept: [what is kept](personal-data.md).",
    ),
    Setting(
        "YINUO_KEK",
        "file",
        _one_of(*KEKS),
        "What protects new wrapping keys: their file's permissions (`file`), HashiCorp Vault's transit engine (`transit`, "
        "extra `hashicorp`) or AWS KMS (`kms`, extra `aws`).",
    ),
    Setting("YINUO_KEK_KEY", "", str, "The key's name there: `yinuo` or `mount/yinuo` in transit, an id, ARN or alias in KMS."),
    Setting(
        "YINUO_KEK_URL", "", str, "The service's address, where the service's own variables do not say it (VAULT_ADDR, AWS_*)."
    ),
    Setting(
        "YINUO_PROXIES", "0", _number(0, 9),
        "How many proxies of yours stand before the server, each adding to `X-Forwarded-For` and setting `X-Forwarded-Proto`: "
        "attempts to sign in are counted by the address that the outermost one saw.",
    ),
    Setting(
        "YINUO_OIDC_ISSUER", "", str,
        "The address of the directory (OpenID Connect) with which staff may sign in, such as `https://login.example.com`; by "
        "default none.",
    ),
    Setting("YINUO_OIDC_CLIENT", "", str, "The name under which that directory knows this installation."),
    Setting("YINUO_OIDC_SECRET", "", str, "The secret that goes with it."),
    Setting("YINUO_OIDC_NAME", "Staff directory", str, "What the button to sign in with it says."),
    Setting(
        "YINUO_WEBHOOK_REACH",
        "public",
        _one_of(*REACHES),
        "Where webhooks may go: to the internet only (`public`), also to this machine, to try them out (`loopback`), also to "
        "private networks (`private`). Link-local addresses are never called.",
    ),
    Setting("YINUO_REALM", "Marketplace", str, "The marketplace's name, as pages show it."),
)


def read_settings(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Every setting's value by its name."""
    return {setting.name: setting.value(os.environ if environment is None else environment) for setting in SETTINGS}
