"""Plain tables for administrators, by unfold: to be looked at. Nothing is added, changed or deleted here.

What may be done goes through actions, which ask who acts and write what happened: no role, decision or key comes into being by
editing a row. Only administrators whose second factor is set up get in; for all others there is nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from yinuo.kit.actors import SYSTEM
from yinuo.web import formats, wording

ADMINISTRATION = "/admin/"
"""Where these pages are."""
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What they may load: unfold writes what its pages do into attributes, which Alpine evaluates, and style elements."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be looked at: of which model, what it is called, which columns under which words, what to seek by, and
    whose words to say for a column of short codes.
    """

    model: str
    title: str | Promise
    columns: Mapping[str, str | Promise]
    order: tuple[str, ...]
    filters: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)


TABLES: Sequence[Table] = (
    Table(
        "people.Account", _("Accounts"),
        {"handle": _("Signs in as"), "created": _("Made"), "disabled": _("Disabled"), "language": _("Language")},
        ("handle",), search=("handle",),
    ),
    Table(
        "people.Grant", _("Staff roles"),
        {
            "account": _("Account"), "role": _("Role"), "granted_by": _("Given by"), "granted": _("Given"), "until": _("Until"),
            "ended": _("Ended"), "ended_by": _("Ended by"),
        },
        ("-granted",), ("role",), ("account__handle",), {"role": "role"},
    ),
    Table(
        "people.Membership", _("Who acts for whom"),
        {
            "account": _("Account"), "subject": _("For"), "role": _("Role"), "granted_by": _("Given by"), "granted": _("Given"),
            "ended": _("Ended"),
        },
        ("-granted",), ("role",), ("account__handle", "subject"), {"role": "role"},
    ),
    Table(
        "record.SourceKey", _("Keys of sources"),
        {"source": _("Source"), "created": _("Made"), "expires": _("Ends"), "revoked": _("Revoked")}, ("source", "-created"),
        search=("source",),
    ),
    Table(
        "record.Webhook", _("Webhooks"),
        {
            "url": _("Address"), "source": _("Source"), "made": _("Made"), "served": _("Told last"),
            "failing_since": _("Failing since"), "paused": _("Paused"), "paused_ground": _("Paused because"),
        },
        ("pk",), ("paused_ground",), ("url", "source"),
    ),
    Table(
        "record.RefusedEvent", _("Refused events"),
        {"source": _("Source"), "received": _("Came"), "replayed": _("Corrected")}, ("-received",), ("source",),
    ),
    Table(
        "credit.Scorecard", _("Scorecards"),
        {"name": _("Scorecard"), "state": _("State"), "added": _("Made"), "in_force_since": _("In force since")}, ("-added",),
        words={"state": "scorecard_state"},
    ),
    Table(
        "credit.Run", _("Runs"),
        {
            "id": _("Run"), "as_of": _("As of"), "scorecard": _("Scorecard"), "mode": _("Mode"), "state": _("State"),
            "size": _("Size of the record"), "merchants": _("Merchants"), "moved": _("Changed band"),
            "completed": _("Completed"),
        },
        ("-completed", "-as_of"), ("state", "scorecard"), ("id",), {"mode": "mode", "state": "run_state"},
    ),
    Table(
        "timers.Timer", _("Timers"),
        {
            "kind": _("Kind"), "subject": _("About"), "due": _("Due"), "attempts": _("Attempts"), "done": _("Done"),
            "dead": _("Given up"), "trouble": _("Trouble"),
        },
        ("-due",), ("kind",), ("subject",),
    ),
)


class Administration(UnfoldAdminSite):  # type: ignore[misc] # unfold has no types
    """The site of these tables. It has no sign-in of its own, and no page on which anything can be sent."""

    site_title = _("Administration")
    index_title = _("Tables")
    index_template = "administration/tables.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators only, and only with a second factor: without one nobody holds a role."""
        actor: Any = getattr(request, "actor", None)
        return actor is not None and bool(actor.holds("administrator"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """One list of all tables."""
        if app_label is not None or not self.has_permission(request):
            return []
        models = [
            {
                "name": table.title, "object_name": table.model, "perms": {"view": True}, "view_only": True, "add_url": None,
                "admin_url": _address(table),
            }
            for table in TABLES
        ]
        return [
            {"name": _("Tables"), "app_label": "tables", "app_url": reverse("admin:index"), "has_module_perms": True,
             "models": models}
        ]

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The list of tables, each table, and their words for scripts; what else the templates name leads to our own pages."""
        return [
            path("", self._shown(self.index), name="index"),
            path("words/", self._shown(self.i18n_javascript), name="jsi18n"),
            path("search/", self._shown(self.search), name="search"),
            path("of/<str:app_label>/", self._shown(_to_tables), name="app_list"),
            path("logout/", _led_to("account_logout"), name="logout"),
            path("password/", _led_to("account_change_password"), name="password_change"),
            *(
                path(f"{_slug(table)}/", self._shown(self._registry[_model(table)].changelist_view), name=_name(table))
                for table in TABLES
            ),
        ]

    def _shown(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A page that is only read, and is not there for anybody but an administrator."""

        @require_safe
        def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise Http404
            response = view(request, *args, **kwargs)
            response.headers["Content-Security-Policy"] = POLICY
            return response

        return handle


class ToBeRead(ModelAdmin):  # type: ignore[misc] # unfold has no types
    """A table of which every row is shown and none is opened, added, changed or deleted."""

    table: Table
    change_list_template = "administration/table.html"
    list_display_links = None
    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self.opts = copy(model._meta)
        self.opts.verbose_name = self.opts.verbose_name_plural = self.table.title

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever is let in sees every table."""
        return bool(self.admin_site.has_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same of its rows."""
        return bool(self.admin_site.has_permission(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only the columns shown: no hash, key or sealed content is read."""
        model = self.model
        names = {model._meta.pk.name, *self.table.columns} if model._meta.label != "record.SourceKey" else set()
        found = super().get_queryset(request)
        return found.only(*names) if names else found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list under the table's own name, also where its rows are counted."""
        listed = super().get_changelist_instance(request)
        listed.opts = self.opts
        return listed

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The table under its own name."""
        words = {"title": self.table.title, "opts": self.opts, **(extra_context or {})}
        shown: HttpResponse = super().changelist_view(request, words)
        return shown


def _model(table: Table) -> Any:
    return apps.get_model(table.model)


def _slug(table: Table) -> str:
    return table.model.replace(".", "-").lower()


def _name(table: Table) -> str:
    return f"{table.model.replace('.', '_').lower()}_changelist"


def _address(table: Table) -> str:
    return reverse(f"admin:{_name(table)}")


def _led_to(name: str) -> Callable[[HttpRequest], HttpResponse]:
    @require_safe
    def handle(request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(name))

    return handle


def _to_tables(request: HttpRequest, app_label: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:index"))


def _column(name: str, words: Any, vocabulary: str) -> Callable[[Any, Any], Any]:
    @admin.display(description=words, ordering=name)
    def shown(_table: Any, row: Any) -> Any:
        value = getattr(row, name)
        if name == "account":
            return value.handle
        if name == "as_of":     # a day number
            return formats.day(value)
        if vocabulary:
            return wording.words(value, vocabulary)
        if isinstance(value, datetime):
            return formats.instant(value)
        return _("the operator") if value == SYSTEM.name else value

    return shown


def _site() -> Administration:
    site = Administration(name="admin")
    for table in TABLES:
        columns = {f"column_{name}": _column(name, words, table.words.get(name, "")) for name, words in table.columns.items()}
        made = type(f"{table.model.replace('.', '')}Table", (ToBeRead,), {
            **columns, "table": table, "list_display": tuple(columns), "ordering": table.order, "list_filter": table.filters,
            "search_fields": table.search, "list_select_related": ("account",) if "account" in table.columns else False,
        })
        site.register(_model(table), made)
    return site


site = _site()
