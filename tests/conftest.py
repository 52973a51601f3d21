"""How the property tests run (without a deadline, and with fixed examples where CI is set), and the program."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import settings

settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")

os.fsync = lambda _handle: None  # no test outlives a power cut, and many write folders

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every program under test compiles the whole package again
sys.dont_write_bytecode = False

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell's background job; the programs under test inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Ended:
    """How the program ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs `nle-optimizer` with the given words, within the tests' own process."""
    from nle_optimizer.cli.main import run_program

    def run(*words: object) -> Ended:
        capsys.readouterr()
        code = run_program([str(word) for word in words])
        return Ended(code, *capsys.readouterr())

    return run
