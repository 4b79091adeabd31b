"""What a Parquet answer keeps until its footer is written stays small, however wide and empty its rows are."""

import io
import subprocess
import sys
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import LimitExceeded
from proxy.answering import row_groups
from proxy.answering.row_groups import footer_bytes, in_groups
from proxy.answering.wire import Format, encode

WIDE = pa.record_batch([pa.nulls(1_700)] * 600, [f"c{place}" for place in range(600)])
KEPT = """
import io, sys
import pyarrow as pa, pyarrow.parquet as pq
from proxy.answering import row_groups
from proxy.answering.wire import Format, encode

row_groups.GROUP_BYTES, row_groups.FOOTER_BYTES = 1, 2**40

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

nested = pa.array([1])
for _ in range(4):
    nested = pa.StructArray.from_arrays([pa.ListArray.from_arrays([0, 1], nested)], ["a" * 50])
shapes = {
    "null": pa.nulls(1), "text": pa.array(["a" * 4000]), "decimal": pa.array([1]).cast(pa.decimal128(38, 0)),
    "enum": pa.array(["a" * 4000]).dictionary_encode(), "nested": nested, "texts": pa.array([["a" * 4000]]),
    "n" * 1000: pa.array([1]),
}
batch = pa.record_batch([shapes[sys.argv[1]]] * 200, [f"{sys.argv[1]}{place}" for place in range(200)])
pieces = encode(Format.PARQUET, batch.schema, (batch for _ in range(60)))
for _ in range(10):
    next(pieces)
before = resident()
for _ in range(50):
    next(pieces)
print((resident() - before) / 50, row_groups.footer_bytes(batch.schema))
"""


def test_wide_and_nearly_empty_batches_are_gathered() -> None:
    written = b"".join(encode(Format.PARQUET, WIDE.schema, [WIDE] * 60))
    told = pq.read_metadata(io.BytesIO(written))
    assert told.num_rows == 60 * WIDE.num_rows
    assert told.num_row_groups <= 3


def test_the_rows_stay_as_they_were() -> None:
    batches = [
        pa.record_batch({"n": range(start, start + 70_000), "s": ["x" * 20] * 70_000})
        for start in range(0, 900_000, 70_000)
    ]
    written = b"".join(encode(Format.PARQUET, batches[0].schema, batches))
    assert pq.read_table(io.BytesIO(written)).equals(pa.Table.from_batches(batches))
    assert 1 < pq.read_metadata(io.BytesIO(written)).num_row_groups < 4


def test_a_group_has_no_more_rows_than_the_writer_puts_in_one() -> None:
    batch = pa.record_batch({"n": pa.nulls(400_000)})
    assert [table.num_rows for table in in_groups(batch.schema, [batch] * 5)] == [800_000, 800_000, 400_000]


def test_too_many_columns_of_groups_are_refused_before_the_answer_looks_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_groups, "FOOTER_BYTES", 2 * footer_bytes(WIDE.schema))
    sent = list[bytes]()

    def forever() -> Iterator[pa.RecordBatch]:
        while True:
            yield WIDE

    with pytest.raises(LimitExceeded) as refused:
        sent.extend(encode(Format.PARQUET, WIDE.schema, forever()))
    assert "`arrow`" in refused.value.hint
    assert len(sent) == 2
    with pytest.raises(pa.ArrowInvalid):
        pq.read_metadata(io.BytesIO(b"".join(sent)))


def test_a_schema_of_which_no_group_fits_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_groups, "FOOTER_BYTES", footer_bytes(WIDE.schema) - 1)
    with pytest.raises(LimitExceeded):
        encode(Format.PARQUET, WIDE.schema, [WIDE])


@pytest.mark.parametrize(
    "shape", ["null", "text", "decimal", "enum", "nested", "texts", "n" * 1000], ids=lambda name: name[:9]
)
def test_the_writer_keeps_no_more_than_is_counted(shape: str) -> None:
    told = subprocess.run([sys.executable, "-c", KEPT, shape], capture_output=True, text=True, check=True)
    kept, counted = map(float, told.stdout.split())
    assert 0 < kept <= counted
