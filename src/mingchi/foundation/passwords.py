"""What a password must be, for members and staff alike."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError

# Hashing takes time with the length; nobody types more.
MAX_PASSWORD = 128


def refuse_weak(password: str) -> None:
    """Raise `password_weak` with what the settings' validators say, or that it is too long."""
    try:
        if len(password) > MAX_PASSWORD:
            raise ValidationError(_("The password is too long."))
        validate_password(password)
    except ValidationError as error:
        raise DomainError("password_weak", " ".join(error.messages), field="password") from error
