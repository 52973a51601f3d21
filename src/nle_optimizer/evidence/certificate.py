"""The certificate: what proves the bounds, as plain data that anyone can check; see docs/reference/decisions.md."""

from typing import Any

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel, Threshold
from nle_optimizer.model.problem import VOID, Branch, Leaf, Problem, Solution, Step, Tree
from nle_optimizer.records import Integers, Texts


def certificate_of(outcome: Outcome) -> dict[str, Any]:
    """What `certificate.json` holds."""
    trusts = outcome.trusts
    return {
        "schema_version": 1,
        **_proof(outcome),
        "trust_first": None if trusts is None else {"levels": _steps(trusts.problem, trusts.solution, "trusts")},
    }


def _proof(outcome: Outcome) -> dict[str, Any]:
    problem, solution = outcome.problem, outcome.solution
    if outcome.clashes:
        return {"method": "clash", **_clash(outcome), "levels": []}
    if solution.completed:
        return {"method": "none", "levels": []}
    if solution.prices is not None and not solution.trees:
        return {"method": "prices", "levels": _steps(problem, solution, "nles")}
    return {"method": "bounds", "levels": [_bound(problem, solution, n) for n in range(len(solution.levels))]}


def _clash(outcome: Outcome) -> dict[str, Any]:
    clash = outcome.clash
    if clash is None:
        return {"requirements": [], "proof": "count", "tree": None}
    tree = None if clash.tree is None else _tree(outcome.problem, clash.tree)
    return {"requirements": list(clash.requirements), "proof": clash.proof, "tree": tree}


def _heading(level: AnyLevel | Threshold, value: int, bound: int) -> dict[str, Any]:
    return {
        "name": level.name,
        "sense": "maximise" if level.sense > 0 else "minimise",
        "scale": level.scale,
        "value": level.sense * value,
        "bound": level.sense * bound,
    }


def _steps(problem: Problem, solution: Solution, side: str) -> list[dict[str, Any]]:
    if solution.prices is None:
        return []
    return [_step(problem, solution, n, side) for n in range(len(solution.steps))]


def _step(problem: Problem, solution: Solution, n: int, side: str) -> dict[str, Any]:
    step, prices = solution.steps[n], solution.prices
    assert prices is not None
    labels = np.array([row.label for row in problem.rows], dtype=object)
    value = step.level.value(problem, solution.matched)
    return {
        **_heading(step.level, value, _bound_of(step, solution, value)),
        "of": step.of,
        "threshold": step.threshold,
        "held": step.held,
        "recipients": _priced(problem.recipient_ids, prices.recipient[n]),
        side: _priced(problem.nle_ids, prices.nle[n]),
        "constraints": _priced(labels, prices.row[n]),
    }


def _bound_of(step: Step, solution: Solution, value: int) -> int:
    """A level's own bound; a step that a threshold makes is proved at its value, or merely shows that it is below 0."""
    if step.threshold is None:
        return solution.levels[step.of].bound
    return value if step.held else -1


def _bound(problem: Problem, solution: Solution, n: int) -> dict[str, Any]:
    found, tree = solution.levels[n], solution.trees[n] if solution.trees else None
    entry = {
        **_heading(problem.levels[n], found.value, found.bound),
        "proof": found.proof,
        "tree": None if tree is None else _tree(problem, tree),
    }
    if found.proof == "prices":
        entry["steps"] = [
            _step(problem, solution, at, "nles") for at, step in enumerate(solution.steps) if step.of == n
        ]
    return entry


def _tree(problem: Problem, tree: Tree) -> dict[str, Any]:
    if isinstance(tree, Branch):
        pair = [str(problem.nle_ids[problem.nle[tree.pair]]), str(problem.recipient_ids[problem.recipient[tree.pair]])]
        return {
            "pair": pair,
            "matched": _tree(problem, tree.matched),
            "unmatched": _tree(problem, tree.unmatched),
        }
    return _leaf(problem, tree)


def _leaf(problem: Problem, leaf: Leaf) -> dict[str, Any]:
    if leaf.bound == VOID:
        return {"void": True}
    at = leaf.multipliers
    names = [resource.name for resource in problem.resources]
    return {
        "divisor": at.divisor,
        "recipients": _priced(problem.recipient_ids, at.recipient),
        "resources": {
            name: _priced(problem.nle_ids, at.resource[n]) for n, name in enumerate(names) if at.resource[n].any()
        },
        "knapsack": names[at.knapsack],
        "constraints": {
            row.label: int(price) for row, price in zip(problem.rows, at.row.tolist(), strict=True) if price
        },
        "held": at.held.tolist(),
        "bound": leaf.bound,
    }


def _priced(ids: Texts, prices: Integers) -> dict[str, int]:
    at = np.flatnonzero(prices)
    return dict(zip(ids[at].tolist(), prices[at].tolist(), strict=True))
