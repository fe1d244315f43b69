"""The pocket model that comes with Retone: small, text-conditioned, for 16 kHz mono; its card is CARD.md beside it."""

from retone_engine.models.pocket.family import PocketModel, load

__all__ = ["PocketModel", "load"]
