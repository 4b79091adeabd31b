"""`veil source`: the places that hold data, added, tried and removed one by one."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import click

from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.registry import CONNECTORS
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import Place, asked, opened, operator, place_options
from veil.cli.plans import show_answer
from veil.cli.printing import echo
from web_ui.apis.sources import source_json
from web_ui.parts import Parts
from web_ui.sources import Sources, source_of

_COLUMNS = ("source", "connector", "options", "datasets", "schedule", "crawl")
_NAME = click.argument("name")
_WHY = click.option("--why", default="", help="Why; the revision and the journal keep it.")


@click.group()
def source() -> None:
    """The places that hold data: folders, buckets and databases.

    \b
    Example:
        veil source add lake files path=./data
        veil source test lake
    """


@source.command()
@_NAME
@click.argument("connector", metavar="CONNECTOR")
@click.argument("options", metavar="[OPTION=VALUE]...", nargs=-1)
@click.option("--replace", "replaces", is_flag=True, help="State a source that is there anew.")
@click.option("--test", "tests", is_flag=True, help="Try it first, and keep it only if it can be reached.")
@_WHY
@format_option("table", "json")
@place_options
def add(
    name: str,
    connector: str,
    options: tuple[str, ...],
    replaces: bool,
    tests: bool,
    why: str,
    form: str,
    place: Place,
) -> None:
    """Add a source under NAME; what it needs is said as OPTION=VALUE.

    Credentials are named, never given: `url_env=CLINIC_URL` is the environment variable of the server that holds them.

    \b
    Example:
        veil source add lake files path=./data crawl_every=6h
        veil source add clinic postgres url_env=CLINIC_URL --test
    """
    stated = source_of(name, connector, dict(map(_option, options)))
    body = {"source": stated.name, "connector": stated.connector, "options": dict(stated.options)}
    if place.home is None:
        if tests:
            _refuse_unreached(asked(place.url, "POST", "/sources/test", body))
        show_answer(asked(place.url, "POST", "/sources", {**body, "replace": replaces, "why": why}), form)
        return
    with opened(place.home) as parts:
        sources, here = _sources(parts), Path.cwd()
        if tests:
            _refuse_unreached(sources.reach(sources.stated(stated, here)).as_json())
        show_answer(sources.put(stated, here, replaces=replaces, why=why).as_json(), form)


@source.command("list")
@format_option()
@place_options
def list_(form: str, place: Place) -> None:
    """List the sources, how they are crawled and how their newest crawl stands.

    \b
    Example:
        veil source list -f json
    """
    found = _listed(place)
    if form == "json":
        show_json(found)
        return
    show(Table(columns=_COLUMNS, rows=tuple(map(_row, found))), form, empty="no sources")


@source.command("show")
@_NAME
@format_option("table", "json")
@place_options
def show_(name: str, form: str, place: Place) -> None:
    """Tell all of one source: its options name credentials, and never hold any.

    \b
    Example:
        veil source show clinic
    """
    if place.home is None:
        found = asked(place.url, "GET", f"/sources/{quote(name, safe='')}")
    else:
        with opened(place.home) as parts:
            wanted = _sources(parts).one(name).name
            found = next(each for each in _told(parts) if each["source"] == wanted)
    if form == "json":
        show_json(found)
        return
    options = found.pop("options")
    assert isinstance(options, Mapping)
    facts = {"source": found["source"], "connector": found["connector"], **options, "datasets": found["datasets"]}
    crawl = {"crawled": _schedule(found), "newest crawl": _state(found)}
    rows = tuple((what, value) for what, value in {**facts, **crawl}.items() if value != "")
    show(Table(columns=("what", "value"), rows=rows), form)


@source.command("test")
@_NAME
@format_option("table", "json")
@place_options
def test_(name: str, form: str, place: Place) -> int:
    """Try to reach a source, and say in clear words why it cannot be read; exits with 2 then.

    \b
    Example:
        veil source test clinic
    """
    if place.home is None:
        found = asked(place.url, "POST", f"/sources/{quote(name, safe='')}/test", {})
    else:
        with opened(place.home) as parts:
            sources = _sources(parts)
            found = sources.reach(sources.one(name)).as_json()
    if form == "json":
        show_json(found)
    else:
        echo(f"{name}: {found['told']}")
    return 0 if found["reached"] else 2


@source.command()
@_NAME
@click.option("--with-datasets", is_flag=True, help="Take the datasets away too that are read from it, tags and all.")
@_WHY
@format_option("table", "json")
@place_options
def remove(name: str, with_datasets: bool, why: str, form: str, place: Place) -> None:
    """Take a source away; the data stays where it is, and policies stay as they are.

    \b
    Example:
        veil source remove old_lake --why "moved to the bucket"
    """
    if place.home is None:
        body = {"datasets": with_datasets, "why": why}
        show_answer(asked(place.url, "POST", f"/sources/{quote(name, safe='')}/remove", body), form)
        return
    with opened(place.home) as parts:
        sources = _sources(parts)
        done = sources.remove(sources.one(name).name, with_datasets=with_datasets, why=why)
        show_answer(done.as_json(), form)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        known = ", ".join(f"`{kind.name}`" for kind in CONNECTORS)
        raise SettingsInvalid(f"`{text}` is no OPTION=VALUE", hint=f"as path=./data; the connectors are {known}")
    return name, value


def _refuse_unreached(found: Mapping[str, object]) -> None:
    if not found["reached"]:
        raise SourceUnavailable(str(found["told"]), hint="nothing was added; leave out --test to add it all the same")


def _sources(parts: Parts) -> Sources:
    return Sources(parts=parts, by=operator())


def _told(parts: Parts) -> list[dict[str, object]]:
    return [source_json(each, parts.settings.crawl_of(each.source)) for each in _sources(parts).listed()]


def _listed(place: Place) -> list[dict[str, object]]:
    if place.home is not None:
        with opened(place.home) as parts:
            return _told(parts)
    found = asked(place.url, "GET", "/sources")["sources"]
    assert isinstance(found, list)
    return found


def _row(each: Mapping[str, object]) -> tuple[object, ...]:
    options = each["options"]
    assert isinstance(options, Mapping)
    said = tuple(f"{name}={value}" for name, value in options.items() if not name.startswith("crawl_"))
    return each["source"], each["connector"], said, each["datasets"], _schedule(each), _state(each)


def _schedule(each: Mapping[str, object]) -> str:
    return f"every {each['every']}" if each["every"] else str(each["cron"])


def _state(each: Mapping[str, object]) -> str:
    crawl = each["crawl"]
    return f"{crawl['id']} {crawl['state']}" if isinstance(crawl, Mapping) else ""
