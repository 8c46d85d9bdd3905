"""The back office: Django's admin in Unfold's clothes. One file a domain; it reads models and
writes through use cases."""
