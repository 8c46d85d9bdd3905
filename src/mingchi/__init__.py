"""Mingchi 明池: a commerce platform with a pool of points that anyone can recompute."""

__version__ = "0.1.0"
