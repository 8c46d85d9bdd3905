"""The part of the API that shoppers use, as OpenAPI on standard output: `script/web api` makes the
storefront's types of it. Needs no database."""

import json
import os
import sys
from typing import Any

STAFF = "/api/staff/"


def shoppers(schema: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI without the addresses of staff."""
    paths = {path: told for path, told in schema["paths"].items() if not path.startswith(STAFF)}
    return {**schema, "paths": paths}


def main() -> None:
    """Print it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
    django.setup()
    from mingchi.api.app import api

    json.dump(shoppers(api.get_openapi_schema()), sys.stdout, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
