"""YAML 1.2 as a scenario is read: nothing is guessed, nothing clever is allowed, and places are kept."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nle_optimizer.errors import InputError, Place
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.yaml_text import MAX_CHARACTERS, MAX_DEPTH, parse_value, parse_yaml, value_text
from support.scenarios import refusal


def read(text: str) -> Any:
    return parse_yaml(text, "f.yaml").values


def refused(text: str) -> str:
    return refusal(parse_yaml, text, "f.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("True", True),
        ("false", False),
        ("010", 10),
        ("0o14", 12),
        ("0x1F", 31),
        ("-3", -3),
        ("1:30", "1:30"),
        (">\n in one\n line\n\n and the next\n", "in one line\nand the next\n"),
        ("|\n kept as\n it is\n", "kept as\nit is\n"),
        ("0.1", Decimal("0.1")),
        ("1e3", Decimal(1000)),
        ("2022-09-01", date(2022, 9, 1)),
        ('"2022-09-01"', "2022-09-01"),
        ("~", None),
        ("null", None),
        ("", None),
        ("[1, NO]", [1, "NO"]),
        ("{a: {b: 2}}", {"a": {"b": 2}}),
        ("à Becket", "à Becket"),
        ('"a\\nb"', "a\nb"),
    ],
)
def test_a_value_is_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert read(f"key: {text}") == {"key": value}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_a_number_with_a_point_keeps_every_digit(number: Decimal) -> None:
    assert read(f"key: {number:f}")["key"] == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: a: the key stands twice"),
        ("a:\n  b: 1\n  b: 1", "f.yaml:3:3: a.b: the key stands twice"),
        ("a: &x 1\nb: *x", "f.yaml:1:4: anchors and aliases are not allowed"),
        ("a: *x", "f.yaml:1:4: anchors and aliases are not allowed"),
        ("a: !!python/name:os.system x", "f.yaml:1:4: tags are not allowed"),
        ("a: !!str 10", "tags are not allowed"),
        ("a: !x {b: 1}", "tags are not allowed"),
        ("a: !!omap [b: 1]", "tags are not allowed"),
        ("%YAML 1.1\n---\na: NO", "only YAML 1.2 is read"),
        ("a: .nan", "f.yaml:1:4: a: this is no valid number; got .nan"),
        ("a: .inf", "this is no valid number; got .inf"),
        ("a: -.inf", "this is no valid number"),
        ("a: 1e999999999", "this is no valid number"),
        ("a: 1e-999999999", "this is no valid number"),
        ("a: 2022-13-01", "f.yaml:1:4: a: this is no valid date; got 2022-13-01"),
        ("a: 2022-09-01T10:00:00", "this is no valid date"),
        ("seed: " + "9" * 5000, "this is no valid whole number"),
        ("? [a]\n: b", "a key must be a word"),
        ('a: "\\ud800"', "f.yaml:1:4: a: this is no valid text"),
        ('"\\ud800": 1', "this is no valid text"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: the file is not valid YAML"),
        ("a: 1\n\tb: 2", "f.yaml:2:1: the file is not valid YAML"),
        ("a: [1", "the file is not valid YAML"),
        ("a: b: c", "the file is not valid YAML"),
    ],
)
def test_what_could_be_misread_is_refused_in_its_place(text: str, said: str) -> None:
    assert said in refused(text)


def test_all_values_that_are_wrong_are_told_at_once() -> None:
    assert refused("a: .nan\nb: 2022-99-99\nb: 1").count("\n") == 2


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_without_being_followed(opening: str) -> None:
    assert f"nested more than {MAX_DEPTH} deep" in refused("a: " + opening * 5000 if opening != "- " else "- " * 5000)


def test_a_huge_file_is_refused_before_it_is_parsed() -> None:
    assert "the file is longer than 250,000 characters" in refused("#" * (MAX_CHARACTERS + 1))


def test_every_setting_remembers_its_line_and_column() -> None:
    places = parse_yaml("a: 1\nb:\n  c: [x, y]\n", "f.yaml").places
    assert places["a",] == Place("f.yaml", 1, 1)
    assert places["b", "c"] == Place("f.yaml", 3, 3)
    assert places["b", "c", 1] == Place("f.yaml", 3, 10)


def test_a_key_is_always_text() -> None:
    assert read("1: a\nnull: b\ntrue: c\n2022-09-01: d") == {"1": "a", "null": "b", "true": "c", "2022-09-01": "d"}


def test_a_value_from_the_command_line_is_text_unless_brackets_open_it() -> None:
    assert parse_value("England: autumn", "--set") == "England: autumn"
    assert parse_value("- x", "--set") == "- x"
    assert parse_value("[20, 40]", "--set") == [20, 40]
    assert parse_value(" {London: 25}", "--set") == {"London": 25}


@given(st.text())
def test_no_text_makes_the_reader_fail_otherwise_than_in_words(text: str) -> None:
    try:
        read(text)
    except InputError as error:
        assert error.problems


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_json_is_read_as_yaml_1_2(value: Any) -> None:
    import json

    try:
        found = read(json.dumps(value))
    except InputError as error:
        assert "no valid text" in str(error) or "nested" in str(error) or "not valid YAML" in str(error)
    else:
        assert found == value


WORDS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["true", "NULL", "1e3", "07", "~", "- a"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.dates(date(1900, 1, 1), date(2199, 12, 31))
    | st.decimals(-(10**6), 10**6, places=3)
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_a_value_that_is_written_on_one_line_is_read_again_as_it_was(value: Any) -> None:
    told = value_text(value)
    assert "\n" not in told and parse_value(told, "--set") == value


SCALARS = st.booleans() | st.integers(-9, 9) | st.decimals(-9, 9, places=2) | st.dates(date(1990, 1, 1)) | st.text()
RANGES = st.fixed_dictionaries(
    {},
    optional={
        "min": st.integers(0, 4),
        "max": st.integers(5, 9),
        "not": SCALARS | st.lists(SCALARS, min_size=1, max_size=2),
        "before": st.dates(date(1990, 1, 1), date(2100, 1, 1)),
        "missing": st.booleans(),
    },
).filter(bool)
WHENS = st.dictionaries(st.text(min_size=1), SCALARS | st.lists(SCALARS, max_size=2) | RANGES, min_size=1, max_size=2)


@settings(max_examples=40)
@given(WHENS)
def test_a_condition_that_is_written_back_means_the_same_wherever_it_stands(when: dict[str, Any]) -> None:
    written = {
        "eligibility": {"rules": [{"name": "r", "when": when}]},
        "trust_first": {"qualifies": {"when": when}},
        "constraints": [{"name": "q", "type": "quota", "where": when, "maximum": 1}],
        "objectives": [{"fit": {"where": when}}],
    }
    least = {"schema": 1, "name": "t", "data": {"schools": "s.csv", "nles": "n.csv"}}
    known = Settings.model_validate({**least, **written})
    told = known.model_dump()
    assert Settings.model_validate({**least, **{part: told[part] for part in written}}) == known
    assert all(parse_value(value_text(told[part]), part) == told[part] for part in written)


def test_a_condition_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="a condition needs min, max"):
        Range.model_validate({"min": None})
