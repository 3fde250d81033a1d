"""The log as C2SP tlog-tiles asks: checkpoint, tiles and entries, for anybody, in forms that caches and mirrors can keep."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from yinuo.kit.carried import realm_of
from yinuo.kit.merkle import HASH_BYTES
from yinuo.kit.refusals import NotFound, Refusal
from yinuo.kit.tile_paths import ENTRIES, TILE_WIDTH, Tile, encode_entries, parse_tile_path
from yinuo.record import queries

FOR_EVER = "public, max-age=31536000, immutable"

router = Router(tags=["log"])


@router.get("/log/checkpoint", summary="The signed head", openapi_extra={"responses": {200: {"content": {"text/plain": {}}}}})
def get_checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint: origin, size and root, signed with Ed25519 and ML-DSA-44 (C2SP tlog-checkpoint)."""
    found = queries.checkpoint()
    if found is None:
        raise NotFound("Nothing was signed yet.")
    return _answer(found[1].encode(), "text/plain; charset=utf-8", "no-cache")


@router.get(
    "/log/witnessed", summary="The newest head that enough witnesses have signed",
    openapi_extra={"responses": {200: {"content": {"text/plain": {}}}}},
)
def get_witnessed(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint that this installation's policy accepts, with the witnesses' signatures (C2SP tlog-cosignature)."""
    log = realm_of(request).log
    found = queries.newest_witnessed(policy=log.policy) if log else None
    if found is None:
        raise NotFound("No head has been signed by enough witnesses yet.")
    return _answer(found[1].encode(), "text/plain; charset=utf-8", "no-cache")


@router.get(
    "/log/policy", summary="Whose signatures to trust", openapi_extra={"responses": {200: {"content": {"text/plain": {}}}}}
)
def get_policy(request: HttpRequest) -> HttpResponse:
    """The policy of this log as a file: its keys, its witnesses, and how many of them must have signed (C2SP tlog-policy)."""
    log = realm_of(request).log
    if log is None:
        raise NotFound("This installation publishes no log.")
    response = _answer(log.policy.text.encode(), "text/plain; charset=utf-8", "no-cache")
    response["Content-Disposition"] = 'inline; filename="yinuo.policy"'
    return response


@router.get(
    "/log/tile/{path:rest}", summary="A tile of the tree, or a bundle of entries",
    openapi_extra={"responses": {200: {"content": {"application/octet-stream": {}}}}},
)
def get_tile(request: HttpRequest, rest: str) -> HttpResponse:
    """A tile's hashes, `0/x001/234` or `0/005.p/17`, or the entries below them, `entries/005.p/17` (C2SP tlog-tiles)."""
    try:
        tile = parse_tile_path(f"tile/{rest}")
    except Refusal as refusal:
        raise NotFound(refusal.sentence) from None
    content = _entries(tile) if tile.level == ENTRIES else _hashes(tile)
    return _answer(content, "application/octet-stream", FOR_EVER)


def _hashes(tile: Tile) -> bytes:
    place = (tile.level, tile.index)
    hashes = queries.tiles([place]).get(place, b"")
    if len(hashes) < tile.width * HASH_BYTES:
        raise NotFound(f"This tile has {len(hashes) // HASH_BYTES} hashes so far.")
    return hashes[: tile.width * HASH_BYTES]


def _entries(tile: Tile) -> bytes:
    start = tile.index * TILE_WIDTH
    found = queries.leaves(start=start, stop=start + tile.width) if start + tile.width <= queries.size() else []
    if not found:
        raise NotFound("The log has not as many entries yet.")
    return encode_entries(found)


def _answer(content: bytes, content_type: str, caching: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = caching
    response["Access-Control-Allow-Origin"] = "*"       # anybody's page may check it
    return response
