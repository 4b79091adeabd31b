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
SELECT set_config('veil.pad', string_agg(encode(sha256(convert_to(
  gen_random_uuid()::text || gen_random_uuid()::text || n::text, 'UTF8')), 'hex'), ''), true) AS pad
FROM generate_series(32, $1::int4, 32) n
"""
MARIADB_PAD = "SET @veil_pad = RANDOM_BYTES(%s)"


def postgres_key(name: str) -> str:
    """A bound key in PostgreSQL's SQL, as bytea; a subquery is worked out once, a setting for every row.

    Example:
        >>> postgres_key("k_1f_i")
        "(SELECT decode(current_setting('veil.k_1f_i'), 'hex'))"
    """
    return f"(SELECT decode(current_setting('veil.{name}'), 'hex'))"


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
            f"int8send(({_bits(f'${len(values)}', at)} # {_bits('pad', begin + at)})::int8)"
            for at in range(0, len(hidden), _CHUNK)
        )
        settings.append(f"length(set_config('veil.{name}', encode({' || '.join(parts)}, 'hex'), true))")
    pads = "SELECT current_setting('veil.pad') AS pad OFFSET 0"
    return [f"SELECT {', '.join(settings)}, set_config('veil.pad', '', true) FROM ({pads}) pads", *values]


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


def _padded(keys: Mapping[str, bytes], pad: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Each key's name, where its bytes of the pad begin, and the key under them."""
    begin = 0
    for name, key in keys.items():
        own = pad[begin : begin + len(key)]
        yield name, begin, bytes(left ^ right for left, right in zip(key, own, strict=True))
        begin += len(key)


def _bits(sql: str, begin: int) -> str:
    """Eight bytes of a hexadecimal text in PostgreSQL."""
    return f"('x' || substr({sql}, {2 * begin + 1}, {2 * _CHUNK}))::bit({8 * _CHUNK})"
