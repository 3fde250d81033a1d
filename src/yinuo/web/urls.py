"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from yinuo.web import listing, public, record
from yinuo.web.verify import verify

urlpatterns = [
    path("", public.directory, name="directory"),
    path("merchants/<slug:merchant>/", public.merchant, name="merchant"),
    path("listings/<slug:listing>/", listing.listing, name="listing"),
    path("method/", public.method, name="method"),
    path("record/", record.record, name="record"),
    path("record/tree/", record.tree, name="record_tree"),
    path("verify/", verify, name="verify"),
    path("language/", public.language, name="set_language"),
]
