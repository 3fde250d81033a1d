"""Django's settings, made from the `YINUO_*` variables of `environment.py`."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from yinuo.config.begun import is_begun
from yinuo.config.environment import read_settings, sqlite
from yinuo.config.keks import kek_of
from yinuo.config.keyfolder import KeyFolder
from yinuo.config.log_keys import read_log, read_witnesses
from yinuo.config.secret import read_secret
from yinuo.web.catalogues import compiled

YINUO = read_settings()

DATA: Path = YINUO["YINUO_DATA"].resolve()
DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
DATABASES = {"default": YINUO["YINUO_DATABASE"] or sqlite(DATA / "yinuo.sqlite3")}
_is_begun = cache(partial(is_begun, DATABASES["default"]))      # before either file is made: both may be missing
SECRET = read_secret(DATA / "realm.key", is_begun=_is_begun)
LOG = read_witnesses(read_log(DATA, YINUO["YINUO_ORIGIN"], is_begun=_is_begun), YINUO["YINUO_POLICY"])
KEYS = KeyFolder(
    DATA / "keys",
    kind=YINUO["YINUO_KEK"],
    kek_of=partial(kek_of, name=YINUO["YINUO_KEK_KEY"], url=YINUO["YINUO_KEK_URL"]),
)

SECRET_KEY = SECRET.hex()
DEBUG: bool = YINUO["YINUO_DEBUG"]
ALLOWED_HOSTS: list[str] = YINUO["YINUO_HOSTS"]

# The order of the house, bottom first: an import and a foreign key may only point to an earlier one.
DOMAINS = (
    "vault", "timers", "record", "people", "decisions", "merchants", "catalogue", "trade", "delivery", "reviews", "care",
    "credit",
)

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",    # serves the API's documentation from this machine instead of from a network
    *(f"yinuo.{domain}" for domain in DOMAINS),
    "yinuo.web",
    "yinuo.config.apps.Configuration",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "yinuo.config.realm.hand_down",
    "yinuo.web.middleware.Pages",
    "yinuo.config.problems.problems",
]
ROOT_URLCONF = "yinuo.config.urls"
WSGI_APPLICATION = "yinuo.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "yinuo.web.context.site",
            ],
            "builtins": ["yinuo.web.templatetags.yinuo"],
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE: str = YINUO["YINUO_LANGUAGE"]
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
TIME_ZONE: str = YINUO["YINUO_TIME_ZONE"]
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [compiled(DATA / "locale")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATIC_ROOT.mkdir(exist_ok=True)    # WhiteNoise warns where there is none
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

DATA_UPLOAD_MAX_MEMORY_SIZE: int = YINUO["YINUO_BODY_MEGABYTES"] * 1024 * 1024
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Refusals are answers, not events of ours.
    "loggers": {"django.request": {"level": "ERROR"}, "django.security.DisallowedHost": {"level": "CRITICAL"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
