"""The benchmarks under pytest-benchmark: each runs once and prints its tables (`make bench`)."""

from typing import Any

import pytest

import england_run
import marginal
import national
import questions
import quotas
import scaling
import sweep


@pytest.fixture(autouse=True)
def _shown(capsys: pytest.CaptureFixture[str]) -> Any:
    with capsys.disabled():
        print()
        yield


def test_run_on_the_england_extract(benchmark: Any) -> None:
    benchmark.pedantic(england_run.main, rounds=1)


def test_national_instance_against_a_bare_flow(benchmark: Any) -> None:
    benchmark.pedantic(national.main, args=(False,), rounds=1)


def test_nested_quotas_and_ordered_objectives_against_fit_alone(benchmark: Any) -> None:
    benchmark.pedantic(quotas.main, rounds=1)


def test_growth_with_the_number_of_pairs(benchmark: Any) -> None:
    benchmark.pedantic(scaling.main, args=(scaling.PAIRS[-1],), rounds=1)


def test_what_ifs_a_second(benchmark: Any) -> None:
    benchmark.pedantic(sweep.main, rounds=1)


def test_all_marginal_values_against_one_solve(benchmark: Any) -> None:
    benchmark.pedantic(marginal.main, rounds=1)


def test_questions_about_a_national_run_against_one_solve(benchmark: Any) -> None:
    benchmark.pedantic(questions.main, rounds=1)
