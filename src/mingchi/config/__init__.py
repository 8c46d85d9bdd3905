"""Wiring: settings, addresses of pages, the database; the only room that knows all others."""
