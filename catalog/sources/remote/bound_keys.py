"""How a key gets into a database without standing in any text: no statement, value, log or list of activity has it.

What a client sends may be logged, bound values too; what a server answers is not. So the server draws random bytes,
keeps them and tells them in an answer. Each key then comes joined by exclusive or to bytes of its own of these, as a
one-time pad, and the server takes them off again. Where a key is used stands only its name.
"""

from collections.abc import Iterable, Iterator, Mapping

from catalog.sources.remote.snapshot import RemoteColumn

_DIGEST = 32
_CHUNK = 8

POSTGRES_PAD = """
SELECT pg_catalog.set_config('veil.pad', pg_catalog.string_agg(pg_catalog.encode(pg_catalog.sha256(
  pg_catalog.convert_to(pg_catalog.concat(pg_catalog.gen_random_uuid(), pg_catalog.gen_random_uuid(), n), 'UTF8')),
  'hex'), ''), true) AS pad
FROM pg_catalog.generate_series(32, $1::pg_catalog.int4, 32) n
"""
MARIADB_PAD = "SET @veil_pad = RANDOM_BYTES(%s)"


def postgres_key(name: str) -> str:
    """A bound key in PostgreSQL's SQL, as bytea; a subquery is worked out once, a setting for every row.

    Example:
        >>> postgres_key("k_1f_i")
        "(SELECT pg_catalog.decode(pg_catalog.current_setting('veil.k_1f_i'), 'hex'))"
    """
    return f"(SELECT pg_catalog.decode(pg_catalog.current_setting('veil.{name}'), 'hex'))"


def mariadb_key(name: str) -> str:
    """A bound key in MariaDB's SQL, as binary text.

    Example:
        >>> mariadb_key("k_1f_i")
        '@veil_k_1f_i'
    """
    return f"@veil_{name}"


def keys_of(columns: Iterable[RemoteColumn]) -> dict[str, bytes]:
    """The keys that a scan of these columns needs."""
    return {name: key for column in columns for name, key in column.keys.items()}


def pad_bytes(keys: Mapping[str, bytes]) -> int:
    """How many random bytes the keys need."""
    return -(-sum(map(len, keys.values())) // _DIGEST) * _DIGEST


def postgres_binding(keys: Mapping[str, bytes], pad: bytes) -> list[str]:
    """The statement that makes the keys settings of the transaction, and the values to bind to it."""
    settings: list[str] = []
    values: list[str] = []
    for name, begin, hidden in _padded(keys, pad):
        values.append(hidden.hex())
        parts = (
            f"pg_catalog.int8send(({_bits(f'${len(values)}', at)} OPERATOR(pg_catalog.#) {_bits('pad', begin + at)})"
            "::pg_catalog.int8)"
            for at in range(0, len(hidden), _CHUNK)
        )
        key = f"pg_catalog.encode({' OPERATOR(pg_catalog.||) '.join(parts)}, 'hex')"
        settings.append(f"pg_catalog.length(pg_catalog.set_config('veil.{name}', {key}, true))")
    pads = "SELECT pg_catalog.current_setting('veil.pad') AS pad OFFSET 0"
    return [f"SELECT {', '.join(settings)}, pg_catalog.set_config('veil.pad', '', true) FROM ({pads}) pads", *values]


def mariadb_binding(keys: Mapping[str, bytes], pad: bytes) -> str:
    """The statement that makes the keys variables of the connection."""
    made = []
    for name, begin, hidden in _padded(keys, pad):
        parts = (
            f"LPAD(HEX(CAST(0x{hidden[at : at + _CHUNK].hex()} AS UNSIGNED) ^ "
            f"CAST(CONV(HEX(SUBSTR(@veil_pad, {begin + at + 1}, {_CHUNK})), 16, 10) AS UNSIGNED)), {2 * _CHUNK}, '0')"
            for at in range(0, len(hidden), _CHUNK)
        )
        made.append(f"@veil_{name} = UNHEX(CONCAT({', '.join(parts)}))")
    return f"SET {', '.join(made)}, @veil_pad = NULL"


def without_keys(keys: Iterable[str]) -> str:
    """The statement after which a connection of MariaDB knows the keys no more.

    Example:
        >>> without_keys(["k_1f_i"])
        'SET @veil_k_1f_i = NULL'
    """
    return f"SET {', '.join(f'{mariadb_key(name)} = NULL' for name in keys)}"


def _padded(keys: Mapping[str, bytes], pad: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Each key's name, where its bytes of the pad begin, and the key under them."""
    begin = 0
    for name, key in keys.items():
        own = pad[begin : begin + len(key)]
        yield name, begin, bytes(left ^ right for left, right in zip(key, own, strict=True))
        begin += len(key)


def _bits(sql: str, begin: int) -> str:
    """Eight bytes of a hexadecimal text in PostgreSQL."""
    digits = f"pg_catalog.substr({sql}, {2 * begin + 1}, {2 * _CHUNK})"
    return f"('x' OPERATOR(pg_catalog.||) {digits})::pg_catalog.bit({8 * _CHUNK})"
