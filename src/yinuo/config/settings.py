"""Django's settings, made from the `YINUO_*` variables of `environment.py`."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from yinuo.config.begun import is_begun
from yinuo.config.calendar import read_calendar
from yinuo.config.environment import read_settings, sqlite
from yinuo.config.keks import kek_of
from yinuo.config.keyfolder import KeyFolder
from yinuo.config.log_keys import read_log, read_witnesses
from yinuo.config.oidc import form_target, staff_directory
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
CALENDAR = read_calendar(YINUO["YINUO_CALENDAR"], YINUO["YINUO_TIME_ZONE"])

SECRET_KEY = SECRET.hex()
DEBUG: bool = YINUO["YINUO_DEBUG"]
ALLOWED_HOSTS: list[str] = YINUO["YINUO_HOSTS"]
# Under any other name the site is to be reached by https only, so that nobody reads a session on its way.
LOOPBACK = set(ALLOWED_HOSTS) <= {"127.0.0.1", "localhost", "[::1]"}

# The order of the house, bottom first: an import and a foreign key may only point to an earlier one.
DOMAINS = (
    "vault", "timers", "record", "people", "decisions", "merchants", "catalogue", "trade", "delivery", "reviews", "care",
    "credit",
)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",           # before the admin, whose pages it draws; both only for config.administration
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",    # serves the API's documentation from this machine instead of from a network
    "yinuo.web",            # before allauth, whose pages it writes anew
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(f"yinuo.{domain}" for domain in DOMAINS),
    "yinuo.config.apps.Configuration",
]
MIDDLEWARE = [
    "yinuo.web.middleware.policies",
    "yinuo.config.problems.problems",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "yinuo.web.middleware.Readable",        # before the next, which reads forms
    "django.middleware.csrf.CsrfViewMiddleware",        # the API leaves it out: it goes by keys, never by cookies
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "yinuo.config.realm.hand_down",
    "yinuo.config.signed_in.signed_in",
    "allauth.account.middleware.AccountMiddleware",
    "yinuo.web.middleware.Pages",
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
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "yinuo.web.context.site",
            ],
            "builtins": ["yinuo.web.templatetags.yinuo"],
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

UNFOLD = {
    "SITE_TITLE": YINUO["YINUO_REALM"], "SITE_HEADER": YINUO["YINUO_REALM"], "SITE_URL": "/console/", "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False, "SIDEBAR": {"show_search": False, "show_all_applications": False},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: f"/{STATIC_URL}yinuo/one.svg"}],
}

# Counts of attempts to sign in. In the database, since the server's processes share nothing else, on any number of machines.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "attempts",
        "KEY_FUNCTION": "yinuo.config.attempts.hashed",
        "OPTIONS": {"MAX_ENTRIES": 20_000},     # so many addresses at once; beyond, those whose time is over go first
    }
}

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("handle",)},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_account"
LOGOUT_REDIRECT_URL = "directory"

SESSION_COOKIE_AGE = 14 * 24 * 3600     # without a request; that of staff ends sooner (config.signed_in)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not LOOPBACK
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "yinuo.web.account.mine.not_from_here"
CSRF_TRUSTED_ORIGINS = [
    f"https://{f'*{host}' if host.startswith('.') else host}" for host in ALLOWED_HOSTS if not LOOPBACK and host != "*"
]
if YINUO["YINUO_PROXIES"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

ALLAUTH_TRUSTED_PROXY_COUNT: int = YINUO["YINUO_PROXIES"]
ACCOUNT_ADAPTER = "yinuo.config.sign_in.Accounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]     # nobody signs up: accounts come by invitation (people.actions.join)
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_FORMS = {
    "login": "yinuo.web.account.forms.SignIn",
    "change_password": "yinuo.web.account.forms.ChangePassword",
    "reauthenticate": "yinuo.web.account.forms.Confirm",
}
MFA_FORMS = {
    "activate_totp": "yinuo.web.account.second_factor.UseApp",
    "add_webauthn": "yinuo.web.account.second_factor.AddPasskey",
    "authenticate": "yinuo.web.account.second_factor.GiveCode",
    "reauthenticate": "yinuo.web.account.second_factor.ConfirmByCode",
}
MFA_ADAPTER = "yinuo.config.sign_in.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1                                  # a clock half a minute off
MFA_TOTP_ISSUER: str = YINUO["YINUO_REALM"]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOOPBACK
USERSESSIONS_TRACK_ACTIVITY = True                      # shown; noted by config.signed_in, not at every request
SOCIALACCOUNT_ADAPTER = "yinuo.config.sign_in.Directory"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = staff_directory(YINUO)
FORM_TARGET = form_target(YINUO["YINUO_OIDC_ISSUER"])   # where a form on our pages may lead besides this site

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
