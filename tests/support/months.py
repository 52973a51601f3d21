"""Plans that are made again month after month, by the command line, and random decisions that can be carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import verify
from nle_optimizer.cli.main import run_program
from support.scenarios import nle, read_table, school, write_scenario, write_table

Change = dict[str, Any]
COLUMNS = ["action", "school_id", "nle_id", "number"]


def first_run(folder: Path, schools: list[Any], nles: list[Any], settings: Any = None, **tables: Any) -> Path:
    chosen = {"objectives": ["fit"], **(settings or {})}
    file = write_scenario(folder, chosen, schools=schools, nles=nles, **tables)
    assert run_program(["run", str(file), "--out", str(folder / "run"), "--no-report"]) == 0
    return folder / "run"


def replan(run: Path, changes: list[Change] | Path, name: str, *words: str) -> Path:
    file = changes if isinstance(changes, Path) else write_table(run.parent / f"{name}.csv", changes, COLUMNS)
    new = run.parent / name
    command = ["replan", str(run), "--changes", str(file), "--out", str(new), "--no-report", "--force", *words]
    assert run_program(command) == 0
    assert verify(new) == []
    return new


def refused(capsys: pytest.CaptureFixture[str], run: Path, changes: list[Change], *words: str) -> str:
    file = write_table(run.parent / "wrong.csv", changes, COLUMNS)
    capsys.readouterr()
    none = str(run.parent / "none")
    assert run_program(["replan", str(run), "--changes", str(file), "--out", none, *words]) == 2
    assert not Path(none).exists()
    return capsys.readouterr().err


def shown(capsys: pytest.CaptureFixture[str], *words: Any) -> str:
    capsys.readouterr()
    assert run_program([str(word) for word in words]) == 0
    return capsys.readouterr().out


def pairs(run: Path) -> dict[tuple[str, str], str]:
    return {(row["school_id"], row["nle_id"]): row["state"] for row in read_table(run / "allocation.csv")}


def pinned(run: Path) -> dict[tuple[str, str], str]:
    return {pair: state for pair, state in pairs(run).items() if state in ("agreed", "started")}


def decided_tables(run: Path) -> dict[str, Any]:
    """The tables as decided; blank cells, notes, and listed pairs of which nothing is said do not count."""
    found: dict[str, Any] = {}
    for name in ("schools", "nles", "pairs"):
        file = run / "inputs" / f"{name}.csv"
        rows = read_table(file) if file.is_file() else []
        found[name] = [{column: cell for column, cell in row.items() if cell and column != "note"} for row in rows]
    found["pairs"] = [row for row in found["pairs"] if len(row) > 2]
    return found


def given_settings(run: Path) -> list[str]:
    lines = (run / "scenario.given.yaml").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "inputs/" not in line]


@dataclass
class Month:
    """Decisions that can be carried out one after the other on what a run left."""

    rng: Random
    number: int
    stand: dict[tuple[str, str], str]
    nles: set[str]
    away: set[str]

    @classmethod
    def after(cls, run: Path, rng: Random, number: int) -> "Month":
        status = {row["nle_id"]: row.get("status", "") for row in read_table(run / "inputs" / "nles.csv")}
        return cls(rng, number, pairs(run), set(status), {own for own, word in status.items() if word})

    def decisions(self, count: int) -> list[Change]:
        kinds: list[Callable[[int], Change | None]] = [*[self.of_a_pair] * 5, *[self.of_an_nle] * 3, self.of_the_rest]
        return [change for n in range(count) if (change := self.rng.choice(kinds)(n)) is not None]

    def of_a_pair(self, _: int) -> Change | None:
        states = {"agree": "agreed", "start": "started", "offer": "offered"}
        action = self.rng.choice([*states, "finish", "forbid", "nle-declines", "school-objects"])
        before = {"offer": ("proposed", "offered"), "agree": ("proposed", "offered", "agreed")}
        can = sorted(pair for pair, state in self.stand.items() if state in before.get(action, (state,)))
        if not can:
            return None
        pair = self.rng.choice(can)
        del self.stand[pair]
        if action in states:
            self.stand[pair] = states[action]
        return {"action": action, "school_id": pair[0], "nle_id": pair[1]}

    def of_an_nle(self, _: int) -> Change | None:
        pins = {own for (_, own), state in self.stand.items() if state in ("agreed", "started")}
        action = self.rng.choice(["nle-withdraws", "pause", "resume", "capacity"])
        if action == "capacity":
            return {"action": action, "nle_id": self.rng.choice(sorted(self.nles)), "amount": max(2, len(self.stand))}
        can = sorted(self.away if action == "resume" else self.nles - self.away - pins)
        if len(can) < (1 if action == "resume" else 2):
            return None
        chosen = self.rng.choice(can)
        self.away ^= {chosen}
        if action != "resume":
            self.stand = {pair: state for pair, state in self.stand.items() if pair[1] != chosen}
        return {"action": action, "nle_id": chosen}

    def of_the_rest(self, n: int) -> Change:
        number = 10 * self.number + n
        key, value = self.rng.choice([("fit.minimum", "0.01"), ("geography.max_distance_km", "99"), ("seed", "7")])
        return self.rng.choice(
            [
                {"action": "add-school", **school(number, need_finance=self.rng.choice([0.2, 0.9]))},
                {"action": "add-nle", **nle(number, expertise_finance=self.rng.choice([0.3, 0.8]))},
                {"action": "set", "key": key, "value": value},
            ]
        )


def random_months(rng: Random, folder: Path, months: int) -> tuple[Path, Path]:
    """A first run, and the last of several replans after it."""
    schools = [school(n, need_finance=rng.choice([0.2, 0.5, 0.9])) for n in range(rng.randint(3, 5))]
    nles = [nle(n, expertise_finance=rng.choice([0.1, 0.4, 1]), placements=2) for n in range(rng.randint(2, 4))]
    run = first = first_run(folder, schools, nles)
    for month in range(1, months + 1):
        changes = [{"action": "agree", "school_id": s, "nle_id": n} for s, n in sorted(pairs(run))[:1] if month == 1]
        changes += Month.after(run, rng, month).decisions(4) if month > 1 else []
        run = replan(run, changes, f"month{month}")
    return first, run
