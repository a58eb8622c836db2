"""The one person behind a sign-in, whatever districts she is known in. Re-exported by `models`."""

from typing import Any
from uuid import UUID

import uuid_utils.compat
from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562, version 7): new rows land at the end of an index."""
    return uuid_utils.compat.uuid7()


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "Account":
        account = self.model(email=email.strip().lower(), **extra)
        account.set_password(password)
        account.save()
        return account

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "Account":
        """From a shell of the server: whoever has that need not prove the address by a mail, which may not go out yet."""
        account = self.create_user(email, password, is_staff=True, is_superuser=True, **extra)
        apps.get_model("account.EmailAddress")._default_manager.using(self._db).create(
            user=account, email=account.email, verified=True, primary=True
        )
        return account

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(email=(username or "").lower())


class Account(AbstractBaseUser, PermissionsMixin):
    """A global sign-in. What it may do in a district is told by a Person and its Memberships there, never here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True, help_text="Lower case.")
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator", default=False, help_text="May use the operators' admin, outside districts.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AccountManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.email
