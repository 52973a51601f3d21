"""Whatever a file holds, reading a scenario ends in a scenario or in InputError, and soon."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nle_optimizer.errors import InputError
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.sources.example import write_example, write_example_workbook

NAMES = ("scenario.yaml", "schools.csv", "nles.csv", "trusts.csv")
SCRAPS = [b"", b"\0", b"\xff", b'"', b"\n", b",", b": ", b"- ", b"[", b"}", b"&a ", b"*a", b"!!x ", b"%", b"\t", b"\r"]
SCRAPS += [b"-1", b"nan", b"=1", b"NO", b"~", b"{a: b}", b"\xef\xbb\xbf", "\u200b".encode(), b"0.0000001", b"9" * 40]
SCRAPS += [b"2022-99-99", b"|", b"'", b"#", b"\\", b"<<: ", b"../", b"schema: 1", b"latest_grade", b"0o9", b"---\n"]
SCRAPS += [b"? ", b"1e999"]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "example"
    write_example(folder)
    return folder


@pytest.fixture
def copy(example: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(example, tmp_path / "copy"))


def ends_well(file: Path) -> None:
    try:
        load_scenario(file)
    except InputError as error:
        assert error.problems
        assert all(str(problem) for problem in error.problems)


@settings(max_examples=60, deadline=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), name=st.sampled_from(NAMES))
def test_random_bytes_in_place_of_a_file(copy: Path, example: Path, data: bytes, name: str) -> None:
    (copy / name).write_bytes(data)
    ends_well(copy / "scenario.yaml")
    shutil.copy(example / name, copy / name)


@settings(max_examples=200, deadline=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(NAMES),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(SCRAPS) | st.binary(max_size=4)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_file_with_a_few_bytes_changed(
    copy: Path, example: Path, name: str, cuts: list[tuple[float, int, bytes]]
) -> None:
    data = (example / name).read_bytes()
    for where, length, scrap in cuts:
        at = int(where * len(data))
        data = data[:at] + scrap + data[at + length :]
    (copy / name).write_bytes(data)
    ends_well(copy / "scenario.yaml")
    shutil.copy(example / name, copy / name)


KEYS = ["data.schools", "objectives.0", "geography.max_distance_km", "fit.levels.low", "eligibility", "overrides.near"]
KEYS += ["capacity.resources", "seed", "objectives.0.blend.fit", "data", "tie_break.0", "eligibility.rules.0.when.x"]
VALUES = ["", "1", "-1", "x", "[]", "{}", "[1, [2]]", "{a: {b: c}}", "~", "true", "1e30", "2022-09-01", "'", "{x: ["]


@settings(max_examples=100, deadline=20_000)
@given(
    st.lists(st.tuples(st.sampled_from(KEYS) | st.text(max_size=6), st.sampled_from(VALUES)), min_size=1, max_size=2)
)
def test_settings_that_make_no_sense(example: Path, sets: list[tuple[str, str]]) -> None:
    try:
        load_scenario(example / "scenario.yaml", sets=[f"{key}={value}" for key, value in sets])
    except InputError as error:
        assert error.problems


@settings(max_examples=40, deadline=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1), length=st.integers(0, 30), scrap=st.binary(max_size=10))
def test_a_workbook_with_a_few_bytes_changed(tmp_path: Path, where: float, length: int, scrap: bytes) -> None:
    sound, broken = tmp_path / "sound.xlsx", tmp_path / "broken.xlsx"
    if not sound.exists():
        write_example_workbook(sound)
    data = sound.read_bytes()
    at = int(where * len(data))
    broken.write_bytes(data[:at] + scrap + data[at + length :])
    ends_well(broken)
