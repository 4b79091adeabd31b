"""A query's time runs while its sources are opened: whoever serves one holds no thread and no turn for longer."""

import time
from pathlib import Path

import pytest

from catalog.errors import SourceTimeout
from catalog.journal.event import EventKind
from tests.hostile_bucket import hostile_bucket
from tests.proxy.world import governed

_FRESH_SECONDS = 2.5
DOCUMENT = """
veil: 1
sources: {{lake: {{connector: files, path: "s3://lake", endpoint: "{endpoint}", anonymous: "yes", region: x}}}}
databases: {{shop: {{}}}}
datasets: {{shop.t: {{source: lake, relation: t.csv}}}}
roles: {{analyst: {{groups: [analysts]}}}}
policies: [{{policy: some, grant: select, to: [analyst], scope: shop, why: x}}]
"""


@pytest.mark.parametrize("does", ["drip", "endless"])
def test_a_query_ends_in_its_time_whatever_the_server_of_a_bucket_does(tmp_path: Path, does: str) -> None:
    with (
        hostile_bucket() as bucket,
        governed(tmp_path, DOCUMENT.format(endpoint=bucket.endpoint), seconds=8.0) as world,
    ):
        assert world.ask("select id from shop.t").num_rows == 2
        time.sleep(_FRESH_SECONDS)
        bucket.does = does  # type: ignore[assignment]
        begun_at = time.monotonic()
        with pytest.raises(SourceTimeout, match="after 8 seconds"):
            world.ask("select id from shop.t")
        assert time.monotonic() - begun_at < 25
        [event] = world.journal.search(kind=EventKind.QUERY_DENY, limit=1)
        assert event.details["code"] == "source_timeout"
