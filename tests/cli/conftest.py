"""The program `nle-optimizer`, run within the tests' own process."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Ended:
    """How the program ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs `nle-optimizer` with the given words."""
    from nle_optimizer.cli.main import run_program

    def run(*words: object) -> Ended:
        capsys.readouterr()
        code = run_program([str(word) for word in words])
        return Ended(code, *capsys.readouterr())

    return run
