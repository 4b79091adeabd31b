"""Asks for the form of a transform in a database, or why the engine has to work it out."""

import hashlib
from collections.abc import Mapping

from policy_engine.model import TransformCall
from policy_engine.transforms import registry
from policy_engine.transforms.at_source.dialect import Dialect, Form, NoForm, mark
from policy_engine.transforms.at_source.mariadb import MariaDb
from policy_engine.transforms.at_source.postgres import Postgres
from policy_engine.transforms.at_source.shared import nothing_read, shared_form
from policy_engine.transforms.at_source.sqlite import sqlite_function
from policy_engine.transforms.composing import EXPRESSION
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.spec import Beside
from policy_engine.transforms.types import read_type

_DIALECTS: Mapping[str, Dialect] = {"postgres": Postgres(), "mariadb": MariaDb()}
DATABASES = (*_DIALECTS, "sqlite")
"""Those with forms, as their connectors are called."""

NOTHING_READ = "nothing is read for it"
"""Why a transform needs no form."""


def form(
    call: TransformCall,
    column_type: str,
    database: str,
    *,
    namespace: str,
    keys: KeyRing,
    types: registry.Types = registry.NO_TYPES,
) -> Form:
    """The transform of a column as a database works it out; raises NoForm with the reason why it is left to the engine.

    Example:
        >>> from policy_engine.transforms.calls import parse_call
        >>> form(parse_call("mask_ccn()"), "DOUBLE", "postgres", namespace="", keys=KeyRing(b"0" * 32))
        Traceback (most recent call last):
        ...
        policy_engine.transforms.at_source.dialect.NoForm: cannot show a column of type DOUBLE
    """
    if why := registry.problem(call, column_type, types):
        raise NoForm(why)
    if call.name == EXPRESSION:
        raise NoForm("its SQL means what the engine makes of it")
    if nothing_read(call.name, read_type(column_type)):
        raise NoForm(NOTHING_READ)
    named = registry.columns_named(call)
    if database == "sqlite":
        if call.name == "phi_dob":
            raise NoForm("which year it is must be told by one clock, that of the engine")
        function = sqlite_function(call, column_type, namespace=namespace, keys=keys, types=types, named=named)
        name = f"veil_{hashlib.sha256(repr((call, column_type, namespace)).encode()).hexdigest()[:16]}"
        marks = ", ".join(map(mark, range(1 + len(named))))
        return Form(sql=f"{name}({marks})", functions={name: function})
    beside = {name: Beside(column=read_type(types[name.path])) for name in named}
    return shared_form(call.name, _DIALECTS[database], registry.place(call, column_type, namespace, keys, beside))
