"""The accounts of a home, by name."""

from catalog.errors import SettingsInvalid
from catalog.names import nearest
from catalog.people.model import User
from web_ui.parts import Parts


def account(parts: Parts, name: str) -> User:
    """The account of that name; raises SettingsInvalid naming the nearest.

    Example:
        error: there is no user `kom`
          try      did you mean `kim`?
    """
    found = parts.accounts.user(name)
    if found is None:
        near = nearest(name, [known.name for known in parts.accounts.users()])
        hint = f"did you mean `{near}`?" if near else "users stand in a document under `users`; see `veil apply --help`"
        raise SettingsInvalid(f"there is no user `{name}`", hint=hint)
    return found
