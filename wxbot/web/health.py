"""Is the process up (`/healthz`), and may it be given pushes (`/readyz`)."""

from flask import Blueprint, Response

from wxbot.errors import StoreError
from wxbot.store.engine import Store


def health(store: Store) -> Blueprint:
    """Return the blueprint; `/readyz` answers 503 while the store cannot be read."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return Response("ok", content_type="text/plain")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        try:
            store.read(lambda tx: tx.row("SELECT 1"))
        except StoreError:
            return Response("the store cannot be read", 503, content_type="text/plain")
        return Response("ok", content_type="text/plain")

    return blueprint
