"""A scenario file over its bases, with overrides and `--set`: who wins, what merges, and where a value comes from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.scenario.choices import apply_choices
from nle_optimizer.scenario.document import read_document
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.scenario.settings import Settings
from support.scenarios import refusal, school, write_scenario


def settings(file: Path, *sets: str, choose: tuple[str, ...] = ()) -> Settings:
    return load_scenario(file, choose=choose, sets=sets).settings


def over(folder: Path, base: Mapping[str, Any], text: str) -> Path:
    """A scenario of the given text, over a base of the given settings."""
    write_scenario(folder, base, name="base.yaml")
    file = folder / "scenario.yaml"
    file.write_text(f"base: base.yaml\n{text}", encoding="utf-8")
    return file


def limits(file: Path, *sets: str) -> dict[str, float]:
    return {name: float(km) for name, km in settings(file, *sets).geography.max_distance_km.items()}


def test_a_file_beats_its_base(tmp_path: Path) -> None:
    file = over(tmp_path, {"title": "base", "seed": 3}, "title: file\n")
    assert (settings(file).title, settings(file).seed) == ("file", 3)


def test_an_override_beats_the_file(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"seed": 1, "overrides": {"other": {"seed": 2}}})
    assert settings(file, choose=("other",)).seed == 2


def test_set_beats_an_override(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"seed": 1, "overrides": {"other": {"seed": 2}}})
    assert settings(file, "seed=3", choose=("other",)).seed == 3


def test_the_last_of_two_sets_wins(tmp_path: Path) -> None:
    assert settings(write_scenario(tmp_path), "seed=3", "seed=4").seed == 4


def test_the_later_of_two_overrides_wins(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"a": {"seed": 1}, "b": {"seed": 2}}})
    assert settings(file, choose=("a", "b")).seed == 2
    assert settings(file, choose=("b", "a")).seed == 1


def test_a_named_scenario_applies_all_its_overrides(tmp_path: Path) -> None:
    overrides = {"near": {"geography.max_distance_km": 40}, "other": {"seed": 7}}
    file = write_scenario(tmp_path, {"overrides": overrides, "scenarios": {"both": ["near", "other"]}})
    chosen = settings(file, choose=("both",))
    assert (chosen.seed, chosen.geography.max_distance_km["default"]) == (7, 40)


def test_an_override_of_the_base_can_be_chosen_in_the_file(tmp_path: Path) -> None:
    file = over(tmp_path, {"overrides": {"other": {"seed": 9}}}, "title: x\n")
    assert settings(file, choose=("other",)).seed == 9


def test_mappings_merge_key_by_key(tmp_path: Path) -> None:
    file = over(tmp_path, {"suitability": {"phase": "ignore", "faith": "must"}}, "suitability: {faith: prefer}\n")
    assert (settings(file).suitability.phase, settings(file).suitability.faith) == ("ignore", "prefer")


def test_a_list_is_replaced_whole(tmp_path: Path) -> None:
    file = over(tmp_path, {"objectives": ["schools_supported", "fit"]}, "objectives: [leximin_fit]\n")
    assert [objective.name for objective in settings(file).objectives or []] == ["leximin_fit"]


def test_a_condition_is_replaced_whole(tmp_path: Path) -> None:
    base = {"trust_first": {"qualifies": {"when": {"latest_grade": 3, "region": "London"}}}}
    file = over(tmp_path, base, "trust_first: {qualifies: {when: {phase: primary}}}\n")
    qualifies = settings(file).trust_first.qualifies
    assert qualifies is not None
    assert qualifies.when == {"phase": "primary"}


def test_a_limit_by_region_is_added_to_a_base_with_one_limit_for_all(tmp_path: Path) -> None:
    file = over(tmp_path, {"geography": {"max_distance_km": 80}}, "geography: {max_distance_km: {London: 25}}\n")
    assert limits(file) == {"default": 80, "London": 25}


def test_one_limit_for_all_replaces_limits_by_region(tmp_path: Path) -> None:
    base = {"geography": {"max_distance_km": {"default": 80, "London": 25}}}
    assert limits(over(tmp_path, base, "geography: {max_distance_km: 40}\n")) == {"default": 40}


def test_bases_may_have_bases(tmp_path: Path) -> None:
    over(tmp_path, {"seed": 5}, "title: middle\n").rename(tmp_path / "middle.yaml")
    file = tmp_path / "top.yaml"
    file.write_text("base: middle.yaml\nname: top\n", encoding="utf-8")
    assert (settings(file).seed, settings(file).title, settings(file).name) == (5, "middle", "top")


def test_tables_of_a_base_are_found_from_the_folder_of_the_base(tmp_path: Path) -> None:
    write_scenario(tmp_path / "below", name="base.yaml")
    file = tmp_path / "scenario.yaml"
    file.write_text("base: below/base.yaml\n", encoding="utf-8")
    assert len(load_scenario(file).schools) == 2


@pytest.mark.parametrize("links", [{"a.yaml": "a.yaml"}, {"a.yaml": "b.yaml", "b.yaml": "a.yaml"}])
def test_bases_that_lead_in_a_circle_are_refused(tmp_path: Path, links: dict[str, str]) -> None:
    for name, base in links.items():
        (tmp_path / name).write_text(f"base: {base}\n", encoding="utf-8")
    assert "the bases lead in a circle: a.yaml" in refusal(read_document, tmp_path / "a.yaml")


def test_a_base_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("base: b.yaml\n", encoding="utf-8")
    assert "b.yaml: the scenario file cannot be read" in refusal(read_document, tmp_path / "a.yaml")


@pytest.mark.parametrize("base", ["../b.yaml", "/etc/hosts", "below/../../b.yaml"])
def test_a_base_outside_the_folder_is_refused(tmp_path: Path, base: str) -> None:
    (tmp_path / "a.yaml").write_text(f"base: {base}\n", encoding="utf-8")
    said = refusal(read_document, tmp_path / "a.yaml")
    assert f"a.yaml:1:1: base: the path leaves the folder of the scenario file; got {base}" in said


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("geography.max_distance_km=40", "geography.max_distance_km.default", 40),
        ("geography.max_distance_km.London=25", "geography.max_distance_km.London", 25),
        ("trust_first.high_quality.min_inspected=3", "trust_first.high_quality.min_inspected", 3),
        ("objectives.0=leximin_fit", "objectives.0.name", "leximin_fit"),
        ("objectives.0.fit.step=0.5", "objectives.0.step", 0.5),
        ("objectives.1.blend.distance_km=-0.5", "objectives.1.parts.distance_km", -0.5),
        ("eligibility.rules.double.when.latest_grade=4", "eligibility.rules.0.when.latest_grade", 4),
        ("eligibility.rules.0.priority=2", "eligibility.rules.0.priority", 2),
        ("data.schools.encoding=cp1252", "data.schools.encoding", "cp1252"),
        ("title=NO", "title", "NO"),
        ("name = spaced ", "name", "spaced"),
    ],
)
def test_set_reaches_every_setting(tmp_path: Path, word: str, path: str, value: Any) -> None:
    file = write_scenario(
        tmp_path,
        {
            "objectives": ["fit", {"blend": {"fit": 1, "distance_km": -1}}],
            "eligibility": {"rules": [{"name": "double", "when": {"latest_grade": 3}}]},
        },
    )
    found: Any = settings(file, word)
    for step in path.split("."):
        found = _step(found, step)
    assert (float(found) if isinstance(value, float) else found) == value


def _step(holder: Any, step: str) -> Any:
    if isinstance(holder, dict):
        return holder[step]
    return holder[int(step)] if isinstance(holder, list) else getattr(holder, step)


def test_setting_a_part_keeps_the_other_parts(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"geography": {"max_distance_km": 80}})
    assert limits(file, "geography.max_distance_km.London=25") == {"default": 80, "London": 25}


def test_a_path_given_with_set_counts_from_the_folder_of_the_file(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    (tmp_path / "schools.csv").rename(tmp_path / "others.csv")
    assert len(load_scenario(file, sets=["data.schools=others.csv"]).schools) == 2


@pytest.mark.parametrize(
    "word",
    ["data.schools=../x.csv", "data.schools=/etc/hosts", "data.schools.file=../x.csv", "data.pairs=../x"],
)
def test_a_path_given_with_set_stays_inside_the_folder_too(tmp_path: Path, word: str) -> None:
    said = refusal(load_scenario, write_scenario(tmp_path), sets=[word])
    assert "--set: data." in said
    assert "the path leaves the folder of the scenario file" in said


def test_a_path_in_an_override_stays_inside_the_folder_too(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"out": {"data.schools": "../x.csv"}}})
    assert "the path leaves the folder" in refusal(load_scenario, file, choose=["out"])


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["seed"], "--set: seed: write KEY=VALUE"),
        (["=3"], "--set: =3: write KEY=VALUE"),
        (["a..b=3"], "write KEY=VALUE"),
        (["geografy.within=none"], "--set: geografy: unknown key; got geografy; did you mean geography?"),
        (["geography.withn=none"], "--set: geography.withn: unknown key; got withn; did you mean within?"),
        (["geography.within=regoin"], "--set: geography.within: must be 'none', 'region' or 'local_authority'"),
        (["eligibility.rules.duoble.priority=1"], "there is no entry 'duoble'; did you mean double?"),
        (["seed=x"], "--set: seed: a whole number is needed; got x"),
        (["seed.x=3"], "--set: seed: a whole number is needed"),
        (["objectives=[fit"], "--set:1:5: the file is not valid YAML"),
        (["geography=3"], "--set: geography: must be a mapping of settings; got 3"),
    ],
)
def test_a_set_that_leads_nowhere_is_refused(tmp_path: Path, sets: list[str], said: str) -> None:
    file = write_scenario(tmp_path, {"eligibility": {"rules": [{"name": "double", "when": {"latest_grade": 3}}]}})
    assert said in refusal(load_scenario, file, sets=sets)


def test_all_sets_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    assert refusal(load_scenario, write_scenario(tmp_path), sets=["a", "b", "c=["]).count("\n") == 2


def test_an_unknown_override_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"nearer": {"seed": 1}}})
    said = refusal(load_scenario, file, choose=["neerer"])
    assert "--scenario: neerer: there is no such override; got neerer; did you mean nearer?" in said


def test_a_named_scenario_with_an_unknown_override_is_refused_in_its_place(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"nearer": {"seed": 1}}, "scenarios": {"both": ["nearer", "x"]}})
    assert "scenario.yaml:" in refusal(load_scenario, file, choose=["both"])


def test_origins_name_file_and_line_override_and_set(tmp_path: Path) -> None:
    file = over(tmp_path, {"seed": 3, "overrides": {"o": {"costs.per_match": 5}}}, "title: x\n")
    document = read_document(file)
    apply_choices(document, ["o"], ["rule=optimal"])
    assert document.origin(("title",)) == "scenario.yaml:2"
    assert document.origin(("seed",)).startswith("base.yaml:")
    assert document.origin(("costs", "per_match")) == "overrides.o"
    assert document.origin(("rule",)) == "--set"
    assert document.origin(("engine",)) == "default"


@pytest.mark.parametrize("section", [{"overrides": [1]}, {"overrides": {"a": 3}}, {"scenarios": {"a": "b"}}])
def test_malformed_overrides_are_refused(tmp_path: Path, section: dict[str, Any]) -> None:
    assert "scenario.yaml:" in refusal(load_scenario, write_scenario(tmp_path, section))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"geografy.within": "none"}, "overrides.a: geografy: unknown key; got geografy; did you mean geography?"),
        ({"seed": "x"}, "overrides.a: seed: a whole number is needed; got x"),
        ({"eligibility.rules": [], "eligibility.policy": "all"}, "overrides.a: eligibility: give a policy or rules"),
        ({"objectives.faith.step": 1}, "overrides.a: objectives.faith.step: there is no entry 'faith'"),
        ({"data.schools": "../x.csv"}, "overrides.a: data.schools: the path leaves the folder"),
    ],
)
def test_an_override_that_nobody_chose_is_checked(tmp_path: Path, override: dict[str, Any], said: str) -> None:
    file = write_scenario(tmp_path, {"objectives": ["fit"], "overrides": {"a": override, "b": {"seed": 2}}})
    assert said in refusal(load_scenario, file)


def test_overrides_that_are_sound_change_nothing_unless_chosen(tmp_path: Path) -> None:
    overrides = {"a": {"seed": 7}, "b": {"geography.max_distance_km.London": 4}}
    file = write_scenario(tmp_path, {"geography": {"max_distance_km": {"default": 9}}, "overrides": overrides})
    assert (settings(file).seed, limits(file)) == (0, {"default": 9})
    assert settings(file, choose=("b",)).geography.max_distance_km == {"default": 9, "London": 4}


def test_a_scenario_that_nobody_chose_must_name_overrides(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"nearer": {"seed": 1}}, "scenarios": {"both": ["neerer"]}})
    assert "both: there is no such override; got neerer; did you mean nearer?" in refusal(load_scenario, file)


def test_an_override_that_was_chosen_is_refused_once(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"overrides": {"a": {"seed": "x"}}})
    assert refusal(load_scenario, file, choose=["a"]).count("seed") == 1


def test_replacing_settings_gives_the_scenario_that_set_gives(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    replaced = load_scenario(file).replace({"geography.max_distance_km": 40, "fit.levels.low": 0.25})
    assert replaced.settings == settings(file, "geography.max_distance_km=40", "fit.levels.low=0.25")


def test_replacing_leaves_the_old_scenario_as_it_was(tmp_path: Path) -> None:
    scenario = load_scenario(write_scenario(tmp_path, {"geography": {"max_distance_km": 80}}))
    scenario.replace({"geography.max_distance_km.London": 5, "seed": 4})
    assert scenario.settings.seed == 0
    assert scenario.settings.geography.max_distance_km == {"default": 80}


def test_replacing_is_validated(tmp_path: Path) -> None:
    scenario = load_scenario(write_scenario(tmp_path))
    assert "replace: seed: a whole number is needed" in refusal(scenario.replace, {"seed": "x"})
    assert "did you mean geography?" in refusal(scenario.replace, {"geografy.within": "none"})


def test_replacing_levels_reads_the_tables_again(tmp_path: Path) -> None:
    rows = [school(1, need_leadership="low"), school(2)]
    scenario = load_scenario(write_scenario(tmp_path, schools=rows)).replace({"fit.levels.low": 0.25})
    assert scenario.schools.values("need_leadership")[0] == 250_000
