from tests.usecases.conftest import _quick_passwords, shop, tills  # noqa: F401 - fixtures
