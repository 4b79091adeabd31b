"""Each verb does what it says on a real home, in all its forms, with the exit code the contract gives it."""

import csv
import gzip
import io
import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.home import Home
from catalog.people.model import WebSession
from tests.veil.cli.terminal import Terminal
from web_ui.parts import assemble
from web_ui.settings import Settings

DOCUMENT = """
veil: 1
sources: {s: {connector: files, path: ./data}}
databases: {shop: {}}
tags: {pii.email: {level: confidential}, fin.card: {level: restricted}}
datasets:
  shop.orders: {source: s, relation: orders.csv, columns: {email: {tags: [pii.email]}, card: {tags: [fin.card]}}}
roles: {clerk: {groups: [clerks]}, boss: {groups: [admin]}}
users: {kim: {groups: [clerks], attributes: {land: NO}}, max: {groups: [admin]}}
policies:
  - {policy: clerks, grant: select, to: [clerk], scope: shop, having: not fin.card, why: example,
     transform: [{tagged: pii.email, with: tokenize()}], where: "land = user_attribute('land')"}
  - {policy: bosses, grant: select, to: [boss], scope: "*", why: example}
"""
DATA = (
    "id,email,card,land,total\n1,a@x.test,4539797705756008,NO,10.5\n"
    "2,b@x.test,4539797705756009,SE,20\n3,a@x.test,4539797705756010,NO,30\n"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A home with one governed dataset; tests read it and journal in it."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "data").mkdir()
    (folder / "data" / "orders.csv").write_text(DATA)
    (folder / "shop.yaml").write_text(DOCUMENT)
    terminal = Terminal(folder)
    terminal.run("init")
    terminal.run("apply", "shop.yaml", "--why", "example")
    return terminal


def test_init_is_idempotent(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert "is ready" in terminal.run("init").out
    assert "was there already" in terminal.run("init").out
    assert terminal.run("audit", "search", "-f", "json").json()[-1]["kind"] == "home:init"


def test_a_plan_exits_with_2_until_it_is_applied(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.run("init")
    (tmp_path / "roles.yaml").write_text("veil: 1\nroles: {clerk: {groups: [clerks]}}\n")
    assert "role clerk" in terminal.run("plan", "roles.yaml", expect=2).out
    assert terminal.run("plan", "roles.yaml", "-f", "json", expect=2).json()["changes"][0]["name"] == "clerk"
    assert "revision 2 is in force" in terminal.run("apply", "roles.yaml").out
    assert "Nothing to change" in terminal.run("plan", "roles.yaml").out
    assert terminal.run("apply", "roles.yaml", "-f", "json").json()["applied"] is False


def test_the_operator_is_journalled_as_the_local_user(shop: Terminal) -> None:
    applied = shop.run("audit", "search", "--kind", "document:apply", "-f", "json").json()
    assert applied[0]["user"].startswith("local:")
    assert applied[0]["details"]["why"] == "example"


def test_a_query_prints_what_this_person_may_see(shop: Terminal) -> None:
    printed = shop.run("query", "select * from shop.orders order by id", "--as", "kim")
    lines = printed.out.splitlines()
    assert lines[0].split() == ["id", "email", "land", "total"]
    assert [line.split()[0] for line in lines[2:]] == ["1", "3"]
    assert "x.test" not in printed.out
    assert "masked for you: email (tokenize); rows are filtered for you" in printed.err
    assert "b@x.test" in shop.run("query", "select * from shop.orders", "--as", "max").out


def test_a_query_comes_in_every_format(shop: Terminal) -> None:
    ask = ("query", "select id, total from shop.orders where id > ? order by id", "--as", "max", "--param", "1", "-f")
    assert shop.run(*ask, "json").json()["rows"] == [[2, 20.0], [3, 30.0]]
    assert [row["id"] for row in csv.DictReader(io.StringIO(shop.run(*ask, "csv").out))] == ["2", "3"]
    assert pq.read_table(io.BytesIO(shop.run(*ask, "parquet").raw))["id"].to_pylist() == [2, 3]
    assert pa.ipc.open_stream(shop.run(*ask, "arrow").raw).read_all()["id"].to_pylist() == [2, 3]


def test_bytes_that_are_no_text_are_refused_whatever_they_are_for(shop: Terminal) -> None:
    before = shop.run("audit", "search", "--user", "kim", "-f", "json").json()
    told = shop.run("query", "select id from shop.orders", "--as", "kim", "--purpose", "x\udcff", expect=1).err
    assert told.splitlines()[0] == "error: argument 6 is no text in UTF-8"
    assert shop.run("audit", "search", "--user", "kim", "-f", "json").json() == before


def test_parameters_are_json_or_text(shop: Terminal) -> None:
    day = '{"$type": "date", "value": "2026-01-31"}'
    ask = ("query", "select ? as a, ? as b, ? as c", "--as", "max", "-f", "json")
    values = shop.run(*ask, "--param", "north", "--param", '"40"', "--param", day).json()["rows"]
    assert values == [["north", "40", "2026-01-31"]]


def test_explain_has_the_shape_of_the_interface(shop: Terminal) -> None:
    told = shop.run("explain", "select * from shop.orders", "--as", "kim", "-f", "json").json()
    assert {"decision_id", "revision", "sql", "datasets"} <= set(told)
    outcomes = {column["column"]: column["outcome"] for column in told["datasets"][0]["columns"]}
    assert outcomes == {"id": "clear", "email": "masked", "card": "hidden", "land": "clear", "total": "clear"}
    assert told["datasets"][0]["rows"]["filtered"] is True
    text = shop.run("explain", "select * from shop.orders", "--as", "kim").out
    assert "◐ email: masked for you by tokenize because policy `clerks`" in text
    assert "runs as:" in text
    assert shop.run("explain", "select * from shop.orders", "--as", "kim", "-f", "csv").out.startswith("dataset,column")


def test_can_and_who_answer_both_ways(shop: Terminal) -> None:
    seen = {row["column"]: row["outcome"] for row in shop.run("can", "kim", "shop.orders", "-f", "json").json()}
    assert seen["card"] == "hidden"
    assert seen["email"] == "masked"
    holders = {(row["kind"], row["name"]) for row in shop.run("who", "shop.orders.card", "-f", "json").json()}
    assert ("role", "boss") in holders
    assert ("user", "max") in holders
    assert not holders & {("role", "clerk"), ("user", "kim")}
    assert "shop.orders" in shop.run("can", "kim").out


def test_tokens_are_made_listed_and_revoked(shop: Terminal) -> None:
    text = shop.run("token", "create", "kim", "--expires", "1h", "--name", "notebook").out
    assert text.startswith("veil_")
    assert len(text.split()) == 1
    [kept] = [row for row in shop.run("token", "list", "kim", "-f", "json").json() if row["name"] == "notebook"]
    assert text.strip() not in json.dumps(kept)
    shop.run("token", "revoke", kept["id"])
    [ended] = [row for row in shop.run("token", "list", "kim", "-f", "json").json() if row["id"] == kept["id"]]
    assert ended["revoked_at"]
    kinds = [event["kind"] for event in shop.run("audit", "search", "--limit", "5", "-f", "json").json()]
    assert {"token:create", "token:revoke"} <= set(kinds)


def test_a_token_carries_the_scopes_that_are_named(shop: Terminal) -> None:
    for name, choice, told in (
        ("all", (), "everything"),
        ("read", ("--read-only",), "reading data only"),
        ("some", ("--scope", "metrics:read", "--scope", "policy:write on shop"), "metrics:read, policy:write on shop"),
    ):
        shop.run("token", "create", "max", "--name", name, *choice)
        [kept] = [row for row in shop.run("token", "list", "max", "-f", "json").json() if row["name"] == name]
        assert kept["scopes"] == told
        [event] = shop.run("audit", "search", "--kind", "token:create", "--limit", "1", "-f", "json").json()
        assert event["details"]["scopes"] == told


@pytest.mark.parametrize(
    ("user", "choice", "words"),
    [
        ("max", ("--scope", "metrics:raed"), "did you mean `metrics:read`?"),
        ("kim", ("--scope", "metrics:read"), "a token of kim cannot carry `metrics:read`"),
        ("max", ("--scope", "audit:read"), "choose of `home:administer`"),
        ("max", ("--scope", "metrics:read", "--read-only"), "give one or the other"),
    ],
)
def test_a_scope_that_cannot_be_carried_makes_no_token(
    shop: Terminal, user: str, choice: tuple[str, ...], words: str
) -> None:
    before = shop.run("token", "list", user, "-f", "json").json()
    refused = shop.run("token", "create", user, *choice, expect=None)
    assert (refused.out, words in refused.err) == ("", True)
    assert shop.run("token", "list", user, "-f", "json").json() == before


def test_sign_ins_are_listed_and_revoked_one_by_one_and_all_of_a_user(shop: Terminal) -> None:
    home = Home.open(shop.home)
    with assemble(home, Settings()) as parts:
        now = parts.clock()
        session = WebSession(user="kim", began_at=now, seen_at=now, expires_at=now + timedelta(hours=1))
        for _ in range(3):
            parts.web_sessions.begin(session)
    first, *others = [row["id"] for row in shop.run("session", "list", "kim", "-f", "json").json()]
    assert shop.run("session", "revoke", first).out == f"the sign-in {first} of kim is ended\n"
    assert shop.run("session", "revoke", "--user", "KIM").out.count("of kim is ended") == len(others) == 2
    assert "nobody is signed in" in shop.run("session", "list").out
    told = shop.run("audit", "search", "--kind", "session:revoke", "-f", "json").json()
    assert {event["details"]["session"] for event in told} == {first, *others}


def test_the_journal_is_searched_shown_exported_and_verified(shop: Terminal, tmp_path: Path) -> None:
    shop.run("query", "select id from shop.orders", "--as", "kim")
    found = shop.run("audit", "search", "--user", "kim", "--kind", "query:begin", "--from", "2020-01-01").out
    assert "shop.orders" in found
    assert shop.run("audit", "search", "--user", "nobody").out == "no such events\n"
    shown = shop.run("audit", "show", "1", "-f", "json").json()
    assert shown["kind"] == "home:init"
    assert shown["hash"] in shop.run("audit", "show", "1").out
    assert "the chain holds" in shop.run("audit", "verify").out
    exported = tmp_path / "journal.jsonl"
    shop.run("audit", "export", str(exported))
    assert "the chain holds" in shop.run("audit", "verify", str(exported)).out
    assert shop.run("audit", "export").out.startswith(exported.read_text().splitlines()[0])


def test_a_broken_export_exits_with_2_and_names_the_break(shop: Terminal, tmp_path: Path) -> None:
    exported = tmp_path / "journal.jsonl"
    shop.run("audit", "export", str(exported))
    exported.write_text(exported.read_text().replace('"home:init"', '"crawl:end"', 1))
    assert shop.run("audit", "verify", str(exported), "-f", "json", expect=2).json()["first_break"] == 1
    assert "breaks at event 1" in shop.run("audit", "verify", str(exported), expect=2).out


def test_a_sealed_journal_shows_that_its_end_was_cut_off(shop: Terminal, tmp_path: Path) -> None:
    key = shop.run("audit", "seal", "-f", "json").json()["key"]
    assert f"note the public key elsewhere: {key}" in shop.run("audit", "seal").out
    assert f"2 seals hold, signed by key {key}" in shop.run("audit", "verify", "--key", key).out
    exported, seals = tmp_path / "journal.jsonl", shop.home / "seals.jsonl"
    shop.run("audit", "export", str(exported))
    whole = exported.read_text()
    ask = ("audit", "verify", str(exported), "--seals", str(seals), "-f", "json")
    assert shop.run(*ask, "--key", key).json()["seals"] == 2
    exported.write_text("".join(whole.splitlines(keepends=True)[:1]))
    assert shop.run("audit", "verify", str(exported), "-f", "json").json()["ok"]
    assert "cut off" in shop.run(*ask, expect=2).json()["what"]
    exported.write_text(whole)
    assert "names another key" in shop.run(*ask, "--key", "00" * 32, expect=2).json()["what"]
    signed = seals.read_text()
    seals.write_text(signed.replace('"count":', '"count":1', 1))
    assert "seal 1 is not as it was signed" in shop.run("audit", "verify", expect=2).out
    assert "seal 1 is not as it was signed" in shop.run("doctor", expect=2).out
    seals.write_text(signed)


def test_what_two_keys_sealed_is_verified_in_one_go(tmp_path: Path) -> None:
    shop = Terminal(tmp_path)
    shop.run("init")
    archived = ("audit", "archive", "--before", "2100-01-01", "-f", "json")
    older, [first] = shop.run("audit", "seal", "-f", "json").json(), shop.run(*archived).json()
    given_up = (shop.home / "seal.key").read_bytes()
    (shop.home / "seal.key").unlink()
    [second] = shop.run(*archived).json()
    newer, exported = shop.run("audit", "seal", "-f", "json").json(), tmp_path / "journal.jsonl"
    shop.run("audit", "export", str(exported))
    assert "names another key" in shop.run("audit", "verify", expect=2).out
    whole = ("audit", "verify", first["file"], second["file"], str(exported), "--seals", str(shop.home / "seals.jsonl"))
    both = ("--key", older["key"], "--key", newer["key"])
    assert shop.run(*whole, *both, "-f", "json").json()["keys"] == [older["key"], newer["key"]]
    assert f"signed by key {older['key']} (the last at event {first['last']}) and key" in shop.run(*whole, *both).out
    assert "the chain holds" in shop.run("audit", "verify", *both).out
    settings = shop.home / "veil.toml"
    settings.write_text(f'[journal]\nrenewed_keys = ["{older["key"]}"]\n')
    assert "the chain holds" in shop.run("audit", "verify").out
    assert "2 seals of the journal" in shop.run("doctor").out
    settings.write_text('[journal]\nrenewed_keys = ["mine"]\n')
    assert "`mine` of `renewed_keys` in [journal] is no public key" in shop.run("audit", "verify", expect=1).err
    settings.unlink()
    assert "another key" in shop.run(*whole, "--key", newer["key"], expect=2).out
    (shop.home / "seal.key").write_bytes(given_up)
    [third] = shop.run(*archived).json()
    forged = shop.run("audit", "verify", first["file"], second["file"], third["file"], *both, expect=2)
    assert f"the seal of {third['last']} events is of a key that had been renewed before" in forged.out
    lone = shop.run("audit", "verify", second["file"])
    assert f"of them 1 to {first['last']} are not in these files" in lone.out
    assert "no seal says where files" in lone.out


def test_the_oldest_events_are_archived_and_verified_where_they_lie(tmp_path: Path) -> None:
    shop = Terminal(tmp_path)
    shop.run("init")
    assert shop.run("audit", "archive", "--before", "2020-01-01").out == "no event is that old, and sent\n"
    first = shop.run("audit", "show", "1", "-f", "json").json()
    [made] = shop.run("audit", "archive", "--before", "2100-01-01", "-f", "json").json()
    assert made["first"] == 1
    assert "the chain holds" in shop.run("audit", "verify").out
    exported = tmp_path / "journal.jsonl"
    assert f"events 1 to {made['last']} are in {made['file']}" in shop.run("audit", "export", str(exported)).err
    assert "the chain holds" in shop.run("audit", "verify", made["file"], str(exported)).out
    assert "1 seal holds" in shop.run("audit", "verify", made["file"]).out
    assert "another key" in shop.run("audit", "verify", made["file"], "--key", "00" * 32, expect=2).out
    folders = {each for each in shop.home.iterdir() if each.is_dir()}
    home = Home.open(shop.home)
    assert {home.archives, home.path / "leases"} <= folders <= {home.documents, *home.own_folders}
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b"".join(gzip.decompress(Path(made["file"]).read_bytes()).splitlines(True)[:-1])))
    told = f"a seal tells of {made['last']} events"
    assert told in shop.run("audit", "verify", str(cut), expect=2).out
    assert f"are in {made['file']}, not searched" in shop.run("audit", "search").err
    assert shop.run("audit", "search", "--from", "2100-01-01").err == ""
    assert first["hash"] in gzip.decompress(Path(made["file"]).read_bytes()).decode()
    shop.run("audit", "show", "1", expect=1)
    Path(made["file"]).unlink()
    assert "breaks at event 1" in shop.run("audit", "verify", expect=2).out


def test_reading_the_journal_is_journalled_once(shop: Terminal) -> None:
    before = shop.run("audit", "search", "-f", "json").json()[0]["seq"]
    after = shop.run("audit", "search", "-f", "json").json()[0]
    assert (after["seq"], after["kind"]) == (before + 1, "audit:read")


def test_doctor_finds_nothing_in_a_sound_home(shop: Terminal) -> None:
    rows = shop.run("doctor", "-f", "json").json()
    assert {row["state"] for row in rows} == {"ok"}
    assert any(row["checked"].startswith("source s") for row in rows)


def test_doctor_exits_with_2_when_something_is_wrong(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.run("init")
    terminal.home.chmod(0o755)
    (terminal.home / "key.json").chmod(0o644)
    told = terminal.run("doctor", expect=2).out
    assert "others on this machine may read it" in told
    assert "can be read by others" in told
