"""A server process starts, answers and ends without a word on its error stream."""

from pathlib import Path

import veil
from tests.serving import Home, serve


def test_a_server_that_was_asked_ends_quietly(clinic_home: Home, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with (
        serve(clinic_home, log=log) as server,
        veil.connect(server.url, token=clinic_home.token("demo_user2")) as analyst,
    ):
        assert analyst.query("select count(*) as n from medical_charges.medical_costs").to_arrow()["n"].to_pylist() == [
            1021
        ]
    assert log.read_text() == ""
