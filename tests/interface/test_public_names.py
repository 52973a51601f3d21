"""What a person who types `nle_optimizer.` sees: public names, what they take, what they say of themselves."""

import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest

import nle_optimizer
from nle_optimizer import Result, Scenario, allocate, load_run, load_scenario, verify
from nle_optimizer.cli.main import COMMANDS, program
from nle_optimizer.errors import RunFolderError
from support.scenarios import nle, school, write_scenario

ARGUMENTS = {"explain": ["run", "ids"], "compare": ["first", "second"]}
"""What is given by its place where that is more than one; everything else is given by name."""
INTERNAL = {"listener", "tell", "detail", "interrupts", "recall", "known", "brief", "command", "watch", "stopping"}
FUNCTIONS = [name for name in nle_optimizer.__all__ if inspect.isfunction(getattr(nle_optimizer, name))]


@pytest.fixture
def result(tmp_path: Path) -> Result:
    schools = [school(n, name=f"School of Saint Somebody {n}") for n in range(1, 6)]
    return allocate(load_scenario(write_scenario(tmp_path, {"name": "few"}, schools, [nle(1), nle(2)])))


def test_dir_shows_the_public_names_and_the_version_alone() -> None:
    assert dir(nle_optimizer) == sorted([*nle_optimizer.__all__, "__version__"])


def test_the_version_is_that_of_the_installed_package() -> None:
    assert nle_optimizer.__version__ == version("nle-optimizer")


def test_the_version_is_looked_up_when_it_is_asked_for() -> None:
    code = "import sys\nbefore = set(sys.modules)\nimport nle_optimizer\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert {name.partition(".")[0] for name in loaded} <= {"nle_optimizer", *sys.stdlib_module_names}
    assert "nle_optimizer" in loaded and "importlib.metadata" not in loaded


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_takes_only_what_a_person_may_give(name: str) -> None:
    parameters = inspect.signature(getattr(nle_optimizer, name)).parameters.values()
    by_place = [each.name for each in parameters if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert by_place == ARGUMENTS.get(name, by_place[:1])
    assert not INTERNAL & {each.name for each in parameters}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_of_a_public_function_is_described(name: str) -> None:
    function = getattr(nle_optimizer, name)
    told = str(inspect.getdoc(function)).partition("Args:")[2].partition("Raises:")[0]
    described = {word.strip() for line in told.splitlines() for word in line.partition(":")[0].split(",")}
    assert set(inspect.signature(function).parameters) - described == set()


TAKEN_OTHERWISE = {
    "scenario": {"scenarios"},
    "choose": {"scenario"},
    "sets": {"set"},
    "zipped": {"zip"},
    "regions": {"region"},
    "local_authorities": {"local-authority"},
    "ids": {"ids"},
    "reports": {"no-reports"},
    "against": {"against", "scenario", "set", "allow-outside"},
}
"""Parameters whose name is not that of the option or argument: those that may be given several times, and others."""
OF_WRITING = {"out", "force", "no-report", "boundaries", "no-inputs", "page"}
OF_PRINTING = {"format", "show", "strict", "digest"}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name in COMMANDS])
def test_the_parameters_of_a_function_are_the_options_of_its_command(name: str) -> None:
    context = click.Context(program)
    command = program.get_command(context, name)
    assert command is not None
    options = {
        (max(each.opts, key=len).lstrip("-") if isinstance(each, click.Option) else str(each.name)): each.default
        for each in command.params
    }
    parameters = inspect.signature(getattr(nle_optimizer, name)).parameters
    taken = {option for each in parameters for option in TAKEN_OTHERWISE.get(each, {each.replace("_", "-")})}
    arguments = {"run_folder", "run-folder", "run", "scenario", "scenarios", "what"}
    missing = set(options) - taken - OF_WRITING - OF_PRINTING - arguments
    assert missing == set()
    for option, default in options.items():
        known = parameters.get(option.replace("-", "_"))
        is_given = known is not None and known.kind is inspect.Parameter.KEYWORD_ONLY
        if is_given and isinstance(default, int | float) and not isinstance(default, bool):
            assert known.default == default, option


@pytest.mark.parametrize("name", nle_optimizer.__all__)
def test_public_functions_and_classes_say_what_they_do_and_which_errors_they_raise(name: str) -> None:
    public = getattr(nle_optimizer, name)
    members = vars(public).items() if inspect.isclass(public) else ()
    assert [each for each, value in members if not each.startswith("_") and _is_bare(value)] == []
    assert inspect.isclass(public) or "Raises:" in str(inspect.getdoc(public))


def _is_bare(value: Any) -> bool:
    return (inspect.isroutine(value) or isinstance(value, property)) and not inspect.getdoc(value)


def test_representations_are_one_short_line_without_cells_or_paths(result: Result, tmp_path: Path) -> None:
    scenario = result.scenario
    shown = [scenario, result, result.claim, scenario.schools, scenario.schools.column("name"), scenario.document]
    for each in [*shown, result.objectives, *result.tables.values()]:
        text = repr(each)
        assert len(text) <= 120
        assert not [word for word in ("\n", "Somebody", str(tmp_path), "430") if word in text], text


def test_representations_name_what_they_stand_for(result: Result) -> None:
    assert repr(result.scenario) == "<Scenario few: schools 5, nles 2, findings 0>"
    assert repr(result) == "<Result of few: optimal, 2 supported, 3 unmatched, 0 excluded>"
    assert repr(result.unmatched) == f"<unmatched: 3 rows, {len(result.unmatched.columns)} columns>"


MISTAKES = {
    "allocate(load_scenario('england.yaml'))": lambda _: allocate("england.yaml"),
    "allocate(load_scenario({...}))": lambda _: allocate({"schema": 1}),
    "allocate(result.scenario)": allocate,
    "not NoneType": lambda _: allocate(None),
    "progress is a function": lambda result: allocate(result.scenario, progress=True),
    "verify(allocate(scenario))": lambda result: verify(result.scenario),
    "not dict": lambda _: verify({}),
    "load_run takes the path": load_run,
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_plain_mistake_is_a_type_error_that_says_what_to_write(said: str, result: Result) -> None:
    with pytest.raises(TypeError) as raised:
        MISTAKES[said](result)
    assert said in str(raised.value)


def test_a_file_is_no_run_folder(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    for read in (verify, load_run):
        with pytest.raises(RunFolderError, match="this is a file, and the folder of a run is needed"):
            read(file)


def test_the_public_classes_are_those_of_what_comes_back(result: Result) -> None:
    assert isinstance(result, nle_optimizer.Result)
    assert isinstance(result.scenario, Scenario)
