"""What it costs to force a pair, on every level and by priority, and who would move.

Read off the residual network, or found by carrying out the run again with the pair required.
"""

from collections import Counter
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.exchanges.changes import Exchanged
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.errors import InfeasibleError, InputError
from nle_optimizer.evidence.alternates import (
    Verbs,
    exchanges_of,
    first_changes,
    in_its_unit,
    moves_between,
    who_moves,
    written,
)
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.build import overfull
from nle_optimizer.preparation import changes_limits, requiring
from nle_optimizer.records import MILLION, Integers, as_text
from nle_optimizer.rules.registry import PROCEDURES, procedure_named
from nle_optimizer.rules.rule import Agenda, carried_out
from nle_optimizer.studies.marginal.answers import ChangeAnswer, between_plans, from_exchanges, impossible, solved_again
from nle_optimizer.studies.marginal.groups import level_names

Price = dict[str, Any]
"""What forcing something changes, for programs.

`possible`: whether any allocation has it. `exact`: whether the change of the first objective is known exactly;
`change` is that change in the objective's own sense and unit, None where it is not known, and then `least` and `most`
are. `levels`: each objective in order with its `change`, None likewise. `supported`, and `by_priority` for each
priority: how many are supported `now` and `then`. `total_fit` and `total_distance_km`: their changes. These four are
None where not every level is known exactly. `who_moves`: sentences. `method`: as of an `ChangeAnswer`.
"""
VERBS = Verbs("loses", "gets", "goes from")
AGAIN = "following the rule again"
BLANK = "blank"
"""Stands for no priority."""


class ChangePrices:
    """Asked what changes of an outcome cost; only a network answers many at once."""

    def __init__(self, outcome: Outcome):
        self.outcome = outcome
        found = exchanges_of(outcome, settled=True)
        self.exchanges: Exchanges | None = None if isinstance(found, str) else found
        self.why_not = found if isinstance(found, str) else ""
        """Why prices are not read off the solution; blank where they are."""

    def forced(self, pairs: Integers) -> list[Price]:
        """The price of forcing each of some pairs, from the network; of one that would change limits, by a run.

        Raises:
            ValueError: the run is no network.
        """
        if self.exchanges is None:
            raise ValueError(self.why_not)
        prices = self.changes(self.exchanges.forced(pairs), pairs)
        for n in np.flatnonzero(changes_limits(self.outcome, pairs)).tolist():
            prices[n] = self._by_a_run(int(pairs[n]), Stopping())
        return prices

    def forced_alone(self, pair: int, stop: Stopping) -> Price | None:
        """The price of forcing one pair, on every level, as a run with that pair required has it.

        None under a rule of one's own: nobody has allowed its code to run.
        """
        outcome = self.outcome
        if self.exchanges is not None and self.exchanges.levels >= len(outcome.problem.levels):
            return self.forced(np.array([pair]))[0]
        if outcome.solution.completed:
            return self._by_the_rule(pair, stop)
        return self._by_a_run(pair, stop)

    @cached_property
    def one_more_place(self) -> list[str]:
        """By how much one place more at each NLE changes the first objective, as text; nothing outside a network."""
        if self.exchanges is None:
            return []
        return first_changes(self.exchanges.one_more_place(np.arange(len(self.outcome.problem.nle_ids))))

    def changes(self, changes: Exchanged, besides: Integers | None = None) -> list[Price]:
        """Changes of the network as prices; `besides` as `Changes.moves` has it."""
        found, count = self.outcome.candidates, len(changes)
        fit, metres = (np.zeros(count, dtype=np.int64) for _ in range(2))
        unknown = np.zeros(count, dtype=np.int64)
        for turns, sign in ((changes.added, 1), (changes.removed, -1)):
            np.add.at(fit, turns.change, sign * found.fit[turns.pair])
            np.add.at(metres, turns.change, sign * found.distance[turns.pair])
            np.add.at(unknown, turns.change, found.distance[turns.pair] < 0)
        columns = (
            from_exchanges(changes, self.outcome),
            who_moves(self.outcome, changes, VERBS, besides),
            fit.tolist(),
            [None if blind else far for far, blind in zip(metres.tolist(), unknown.tolist(), strict=True)],
        )
        return [self._price(*each) for each in zip(*columns, strict=True)]

    def _by_a_run(self, pair: int, stop: Stopping) -> Price:
        """What a run with a pair required gives, less what this one gave."""
        try:
            problem = requiring(self.outcome, pair)
        except InputError:
            return self._of_plan(impossible(), None, pair)
        relaxed = None if changes_limits(self.outcome, np.array([pair]))[0] else False
        answer, found = solved_again(self.outcome, problem, stop, relaxed=relaxed)
        return self._of_plan(answer, None if found is None else found.matched, pair)

    def _by_the_rule(self, pair: int, stop: Stopping) -> Price | None:
        """What the rule gives with a pair required, less what it gave."""
        outcome, rule = self.outcome, self.outcome.scenario.settings.rule
        procedure = procedure_named(rule) if rule in PROCEDURES else None
        if procedure is None:
            return None
        try:
            problem = requiring(outcome, pair)
            agenda = Agenda(problem, outcome.candidates, outcome.scenario.settings, stop)
            able = not overfull(problem) and procedure.refuses(agenda) is None
            after = carried_out(procedure, agenda).matched if able else None
        except (InfeasibleError, InputError):
            after = None
        if after is None or not (after == pair).any():
            return self._of_plan(impossible(AGAIN), None, pair)
        return self._of_plan(between_plans(outcome, after, AGAIN), after, pair)

    def _of_plan(self, answer: ChangeAnswer, after: Integers | None, pair: int) -> Price:
        """The price of a pair by the plan that has it, if there is one."""
        if after is None:
            return self._price(answer, [], 0, 0)
        found, before = self.outcome.candidates, self.outcome.solution.matched
        moves = moves_between(self.outcome, after, VERBS, pair)
        fit = int(found.fit[after].sum() - found.fit[before].sum())
        turned = np.setxor1d(before, after)
        is_known = bool((found.distance[turned] >= 0).all())
        metres = int(found.distance[after].sum() - found.distance[before].sum()) if is_known else None
        return self._price(answer, moves, fit, metres)

    def _price(self, answer: ChangeAnswer, moves: list[str], fit: int, metres: int | None) -> Price:
        levels = self.outcome.problem.levels
        ends = [written(in_its_unit(levels[0], side[0])) if side else None for side in (answer.least, answer.most)]
        changes = [
            written(in_its_unit(level, answer.least[n]))
            if n < len(answer.least) and answer.least[n] == answer.most[n]
            else None
            for n, level in enumerate(levels)
        ]
        is_known = answer.is_possible and None not in changes
        return {
            "possible": answer.is_possible,
            "exact": answer.is_exact,
            "change": ends[0] if answer.is_exact else None,
            **({} if answer.is_exact else {"least": ends[0], "most": ends[1]}),
            "levels": [
                {"name": name, "sense": sense, "change": change}
                for (name, sense), change in zip(self._named_levels, changes, strict=True)
            ],
            "supported": self._supported(answer) if is_known else None,
            "by_priority": self._by_priority(answer) if is_known else None,
            "total_fit": written(Decimal(fit) / MILLION) if is_known else None,
            "total_distance_km": written(Decimal(metres) / 1000) if is_known and metres is not None else None,
            "who_moves": moves,
            "method": answer.method,
        }

    @cached_property
    def _named_levels(self) -> list[tuple[str, str]]:
        levels = self.outcome.problem.levels
        senses = ["maximise" if level.sense > 0 else "minimise" for level in levels]
        return list(zip(level_names(levels), senses, strict=True))

    def _supported(self, answer: ChangeAnswer) -> dict[str, int]:
        now = int(self.outcome.supported.sum())
        return {"now": now, "then": now + len(answer.gained) - len(answer.lost)}

    def _by_priority(self, answer: ChangeAnswer) -> dict[str, dict[str, int]]:
        """How many of each priority are supported now and then, 1 first; nothing where nobody has a priority."""
        now, tier = self._tiers
        then = Counter(now)
        then.update(tier[school] for school in answer.gained if tier)
        then.subtract(tier[school] for school in answer.lost if tier)
        return {name: {"now": count, "then": then[name]} for name, count in now.items()}

    @cached_property
    def _tiers(self) -> tuple[dict[str, int], dict[str, str]]:
        """How many of each priority are supported, and the priority of each recipient."""
        column = self.outcome.recipients.column("priority")
        if not column.given.any():
            return {}, {}
        told = [cell or BLANK for cell in as_text(column)]
        counts = Counter(name for name, served in zip(told, self.outcome.supported.tolist(), strict=True) if served)
        order = sorted({*told} - {BLANK}, key=int) + [BLANK] * (BLANK in told)
        ids = self.outcome.recipients.ids.tolist()
        return {name: counts[name] for name in order}, dict(zip(ids, told, strict=True))
