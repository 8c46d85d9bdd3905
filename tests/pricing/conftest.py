from tests.usecases.conftest import _quick_passwords, shop  # noqa: F401 - fixtures
