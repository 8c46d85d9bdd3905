"""Routers, one a file: each names its shapes and calls use cases."""
