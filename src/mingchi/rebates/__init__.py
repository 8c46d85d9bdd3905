"""Programmes of points: events, the settler that applies them, what they did, plans."""
