"""Stable matchings: deferred acceptance, with places and with sizes."""
