"""A policy as the statement that states it, which reads back as the same policy."""

from catalog.names import quote, quoted
from policy_engine.ddl.naming import has_generated_id
from policy_engine.ddl.properties import print_properties
from policy_engine.ddl.tokens import Kind, tokenize
from policy_engine.model import Effect, Policy, Scope, TagExpression, TransformRule
from policy_engine.tag_expressions import print_expression
from policy_engine.transforms.calls import print_call

WIDTH = 100
KEYWORDS = frozenset(
    """ADD ALL ALTER AND ATTRIBUTE CATALOG COLUMN CREATE DATABASE DENY DROP EXCEPT FORMATTED FROM GRANT GROUP GROUPS
    HAS HAVING IF IN NOT ON OR POLICYPROPERTIES RESTRICT REVOKE ROLE SELECT SERVER SHOW TABLE TO TRANSFORM VIEW
    WHERE WITH""".split()
)


def print_policy(policy: Policy) -> str:
    """The statement on lines of at most a hundred characters, as far as its clauses let it.

    Example:
        GRANT SELECT ON DATABASE medical_charges HAVING ATTRIBUTE NOT phi.phone_number
          TRANSFORM phi.mrn WITH tokenize() WHERE opted_out != 1 TO ROLE healthcare_analyst_role
    """
    lines = [""]
    for clause in _clauses(policy):
        if not lines[-1]:
            lines[-1] = clause
        elif len(lines[-1]) + 1 + len(clause) > WIDTH:
            lines.append("  " + clause)
        else:
            lines[-1] += " " + clause
    return "\n".join(lines)


def print_line(policy: Policy) -> str:
    """The statement on one line; a line break within a text stays."""
    return " ".join(_clauses(policy))


def print_name(name: str) -> str:
    """A name as statements write it: bare where that is safe, else in double quotes."""
    return quoted(name) if name.upper() in KEYWORDS else quote(name)


def print_condition(expression: TagExpression) -> str:
    """A condition on tags with its words in capitals.

    Example: `NOT IN (phi.a, phi.b) OR c.d`
    """
    return _recast(print_expression(expression), {"not": "NOT", "and": "AND", "or": "OR", "in": "IN "})


def print_filter(where: str) -> str:
    """A filter as people write it, with `!=` for `<>`; texts stay as they are."""
    return _recast(where, {"<>": "!="})


def print_rule(rule: TransformRule) -> str:
    """A transform as its clause has it.

    Example: `phi.mrn WITH tokenize()`
    """
    return f"{print_condition(rule.tagged)} WITH {print_call(rule.call)}"


def _clauses(policy: Policy) -> list[str]:
    name = None if has_generated_id(policy) else policy.id
    ending = "TO" if policy.effect is Effect.GRANT else "FROM"
    clauses = [
        f"{policy.effect.value.upper()} {_privilege(policy)} ON {_object(policy.scope)}",
        "" if policy.having is None else f"HAVING ATTRIBUTE {print_condition(policy.having)}",
        *(f"TRANSFORM {print_rule(rule)}" for rule in policy.transforms),
        "" if policy.where is None else f"WHERE {print_filter(policy.where)}",
        f"{ending} ROLE {', '.join(print_name(role) for role in policy.roles)}",
        print_properties(policy, name=name),
    ]
    return [clause for clause in clauses if clause]


def _privilege(policy: Policy) -> str:
    """SELECT with its columns; a denial without a condition on tags says ALL, since it hides everything."""
    word = "ALL" if policy.effect is Effect.DENY and policy.having is None else "SELECT"
    columns = ", ".join(_path(path) for path in policy.scope.columns)
    return f"{word} ({columns})" if columns else word


def _object(scope: Scope) -> str:
    if scope.database is None:
        return "CATALOG"
    if scope.dataset is None:
        return f"DATABASE {print_name(scope.database)}"
    return f"TABLE {_path((scope.database, scope.dataset))}"


def _path(path: tuple[str, ...]) -> str:
    return ".".join(print_name(part) for part in path)


def _recast(text: str, words: dict[str, str]) -> str:
    """The text with whole words and signs replaced; what stands in quotes or in a dotted name is kept."""
    tokens = tokenize(text).tokens
    pieces: list[str] = []
    at = 0
    for index, token in enumerate(tokens[:-1]):
        is_bare = not tokens[index - 1].says(".") and not tokens[index + 1].says(".")
        if token.kind in (Kind.WORD, Kind.SIGN) and is_bare and token.value in words:
            pieces += [text[at : token.start], words[token.value]]
            at = token.end
    return "".join(pieces) + text[at:]
