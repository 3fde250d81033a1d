"""Addresses of case rooms, below /rooms/. `config.urls` hands every view what lays cases of all domains open."""

from __future__ import annotations

from django.urls import path

from yinuo.web.rooms import inside, keep

urlpatterns = [
    path("", keep.rooms, name="rooms"),
    path("ask/", keep.ask, name="room_ask"),
    path("<slug:room>/", keep.room, name="room"),
    path("<slug:room>/cases/<slug:thing>/", inside.case, name="room_case"),
    path("<slug:room>/cases/<slug:thing>/file/", inside.file, name="room_file"),
]
