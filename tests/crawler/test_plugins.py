"""A plug-in is found by its entry point, enabled by name, kept from telling values, and can never end a crawl."""

from pathlib import Path

import pyarrow as pa
import pytest

from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.model import Field, TagRule
from crawler.classify import classify
from crawler.plugins import GROUP, Judgement, PluggedDetector, Sampled, load_plugins
from crawler.rules import compile_rule, compile_rules
from tests.contracts.detectors import DetectorContract

PACKAGE = """
from crawler.plugins import Judgement

class Members:
    name = "acme_member"

    def judge(self, column):
        hits = sum(count for text, count in column.values.items() if text.startswith("M"))
        return Judgement(confidence=0.9, evidence=f"{hits} values begin like members") if hits else None

class Misnamed(Members):
    name = "another"

def broken():
    raise RuntimeError("secret")
"""
ENTRIES = f"""[{GROUP}]
acme_member = acme_detectors:Members
acme_misnamed = acme_detectors:Misnamed
acme_broken = acme_detectors:broken
"""
RULE = TagRule(name="members", tag="acme.member_id", detector="acme_member")


class Members:
    name = "acme_member"

    def judge(self, column: Sampled) -> Judgement | None:
        hits = [text for text in column.values if text.startswith("M")]
        return Judgement(confidence=0.9, evidence=f"begins like {hits[0]}") if hits else None


class Fails(Members):
    def judge(self, column: Sampled) -> Judgement | None:
        raise RuntimeError(f"secret {column.values}")


class Careful(Members):
    def judge(self, column: Sampled) -> Judgement | None:
        told = super().judge(column)
        return told and Judgement(confidence=told.confidence, evidence="begins like a member")


class TestACarefulDetectorKeepsTheContract(DetectorContract):
    @pytest.fixture
    def detector(self) -> PluggedDetector:
        return Careful()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme_detectors.py").write_text(PACKAGE)
    info = tmp_path / "acme_detectors-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-detectors\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(str(tmp_path))


def suggestions(detector: PluggedDetector) -> tuple[object, ...]:
    rules = compile_rules([RULE], {"acme_member": detector})
    told = classify([Field(name="c", type="VARCHAR")], pa.table({"c": ["M1234567"] * 3}), rules)
    assert "M1234567" not in str(told)
    return tuple((each.tag, each.confidence, each.evidence) for each in told.suggestions), told.timed_out


@pytest.mark.usefixtures("installed")
def test_an_enabled_plugin_is_loaded_by_its_name() -> None:
    plugins = load_plugins(["acme_member", "acme_member"])
    assert list(plugins) == ["acme_member"]
    assert suggestions(plugins["acme_member"]) == ((("acme.member_id", 0.9, "3 values begin like members"),), ())
    assert load_plugins([]) == {}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acme_membr", "no installed package"),
        ("acme_misnamed", "no detector of that name"),
        ("acme_broken", "cannot be loaded"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_refused_when_the_home_is_opened(name: str, told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told) as caught:
        load_plugins([name])
    assert "secret" not in f"{caught.value}{caught.value.hint}"
    if name == "acme_membr":
        assert caught.value.hint == "did you mean `acme_member`?"


def test_a_rule_asks_only_for_what_is_built_in_or_enabled() -> None:
    with pytest.raises(PolicyInvalid, match="neither built in nor enabled"):
        compile_rule(RULE)
    assert compile_rule(RULE, {"acme_member": Members()}).plugin is not None


def test_evidence_that_tells_a_value_is_not_passed_on() -> None:
    assert suggestions(Members()) == ((("acme.member_id", 0.9, "the detector `acme_member` says so"),), ())


def test_a_plugin_that_fails_suggests_nothing_and_is_named() -> None:
    assert suggestions(Fails()) == ((), ("members",))
