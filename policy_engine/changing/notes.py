"""Sentences of a plan, each with what it is about, so that it is known who may be told."""

from typing import Self


class Note(str):
    """One sentence; `kind` and `name` say what it is about, and what is about nothing is told to who may know all.

    `gives` is what its words name that nobody wrote, as a kind and a name, and `general` the sentence without that.

    Example:
        >>> Note("policy `p`: there is no database `lbb` yet", kind="policy", name="p").kind
        'policy'
    """

    __slots__ = ("general", "gives", "kind", "name")
    kind: str
    name: str
    gives: tuple[str, str] | None
    general: str

    def __new__(
        cls, text: str, *, kind: str = "", name: str = "", gives: tuple[str, str] | None = None, general: str = ""
    ) -> Self:
        """The sentence, which is compared and printed as any text."""
        made = super().__new__(cls, text)
        made.kind, made.name, made.gives, made.general = kind, name, gives, general
        return made
