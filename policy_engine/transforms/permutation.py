"""A keyed permutation of the numbers of a given width: four Feistel rounds, in SQL and in Python.

A number is cut into two halves; each round mixes one half with the keyed hash of the other. Whatever
the hash, that can be undone step by step, so different numbers always give different tokens.

A round's hash is SHA-256 over the round's own 32-byte key followed by the half as decimal digits of
fixed length. With one length for all messages no message starts another, so the plain keyed hash is
as good a pseudorandom function as HMAC here, at a quarter of its cost.
"""

import hashlib
from collections.abc import Callable

from policy_engine.transforms.keys import Key, bound

ROUNDS = 4


def permute(number: int, bits: int, key: Key) -> int:
    """The token of a number below 2**bits.

    Example:
        >>> key = Key(name="k", secret=b"0" * 32)
        >>> sorted(permute(number, 8, key) for number in range(256)) == list(range(256))
        True
    """
    half = bits // 2
    high, low = number >> half, number & ((1 << half) - 1)
    for round_key in key.rounds(ROUNDS).values():
        high, low = low, high ^ _mix(round_key, low, half)
    return high << half | low


def permute_sql(high: str, low: str, bits: int, key: Key, join: Callable[[str, str], str]) -> str:
    """SQL of a number's token; `high` and `low` are its halves, `join` puts two halves together.

    Each round's result is bound by a one-element list, so that it is computed once. A plain nested
    expression repeats it, and inside a CASE the engine computes every repetition.
    """
    half = bits // 2
    first = f"xor({high}, {_mix_sql(key, 1, low, half)})"
    second = f"xor({low}, {_mix_sql(key, 2, 'veil_r1', half)})"
    third = f"xor(veil_r1, {_mix_sql(key, 3, 'veil_r2', half)})"
    fourth = f"xor(veil_r2, {_mix_sql(key, 4, 'veil_r3', half)})"
    sql = bound("veil_r3", third, join("veil_r3", fourth))
    return bound("veil_r1", first, bound("veil_r2", second, sql))


def half_type(bits: int) -> str:
    """The engine's type in which halves of such numbers are computed; it holds every half as positive."""
    return "HUGEINT" if bits == 128 else "BIGINT"


def _mix(round_key: bytes, low: int, half: int) -> int:
    digits = b"%d" % (padding(half) + low)
    return int(hashlib.sha256(round_key + digits).hexdigest()[: half // 4], 16)


def _mix_sql(key: Key, number: int, low: str, half: int) -> str:
    kind = half_type(half * 2)
    digits = f"encode(({low} + {padding(half)}::{kind})::VARCHAR)"
    return f"('0x' || substr(sha256(${key.name}_{number}::BLOB || {digits}), 1, {half // 4}))::UBIGINT::{kind}"


def padding(half: int) -> int:
    """A power of ten above every half: added, it makes all of them equally long in digits."""
    return int(10 ** len(str((1 << half) - 1)))
