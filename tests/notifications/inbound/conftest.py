"""What comes in is answered by the conversations of their tests."""

from tests.notifications.conversations.conftest import talk, vault

__all__ = ["talk", "vault"]
