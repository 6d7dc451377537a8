"""The log's doors, as C2SP tlog-tiles lays them out, and proofs for people."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from audit import access, selectors, signing, tiles
from fintrust.core.errors import Forbidden, NotFound

TEXT = "text/plain; charset=utf-8"
YEAR = 365 * 24 * 3600


@require_safe
@cache_control(public=True, max_age=1)
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The signed head of the log."""
    return HttpResponse(selectors.log_head().note, content_type=TEXT)


@require_safe
@cache_control(public=True, max_age=300)
def key(request: HttpRequest) -> HttpResponse:
    """The keys that sign it, one a line."""
    lines = "".join(f"{verifier.vkey}\n" for verifier in signing.verifiers())
    return HttpResponse(lines, content_type=TEXT)


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile of hashes, for everybody; or of entries, for those who may read them."""
    place = tiles.parse_path(f"tile/{path}")
    if place is None:
        raise NotFound()
    level, index, width = place
    if (
        tiles.width_in(selectors.log_head().size, 0 if isinstance(level, str) else level, index)
        < width
    ):
        raise NotFound("The log has not grown that far.")
    if isinstance(level, str):
        return _entries(request, index, width)
    body = b"".join(selectors.tile_hashes(level, index, width))
    return _binary(body, public=True)


def _entries(request: HttpRequest, index: int, width: int) -> HttpResponse:
    if not access.reads_everything(request.user):
        raise Forbidden("Entries are for auditors; hashes are for everybody.")
    access.remember_reading("entries", tile=index, width=width)
    return _binary(selectors.bundle(index, width), public=False)


def _binary(body: bytes, *, public: bool) -> HttpResponse:
    response = HttpResponse(body, content_type="application/octet-stream")
    keep = f"public, max-age={YEAR}, immutable" if public else "private, no-store"
    response["Cache-Control"] = keep
    return response


@require_safe
@login_required
@never_cache
def proof(request: HttpRequest, record_id: str) -> HttpResponse:
    """The file that shows, to anybody and without us, that this record stands in the log."""
    record = access.readable_by(request.user).get_public(record_id)
    body = str(selectors.proof_of(record))
    if access.reads_everything(request.user):
        access.remember_reading("proof", record=record.public_id)
    response = HttpResponse(body, content_type=TEXT)
    response["Content-Disposition"] = f'attachment; filename="{record.public_id}.tlog-proof"'
    return response
