"""What makes a problem no network, in words."""

from nle_optimizer.engines.network.nesting import nesting_of
from nle_optimizer.model.levels import AnyLevel, Level, Spread
from nle_optimizer.model.places import uniform
from nle_optimizer.model.problem import Problem


def refusal_of(problem: Problem) -> str | None:
    """Why the network engine cannot solve the problem; None if it can."""
    reasons = (_mixed_use(problem), *(_of_level(level) for level in problem.levels))
    found = next((reason for reason in reasons if reason is not None), None)
    if found is not None:
        return found
    nesting = nesting_of(problem)
    return nesting if isinstance(nesting, str) else None


def _mixed_use(problem: Problem) -> str | None:
    for resource in problem.resources:
        mixed = int((~uniform(problem, resource)).sum())
        if mixed:
            return (
                f"{mixed} NLEs have candidate schools that take different amounts of {resource.name}; "
                "set capacity.resources: [placements], or give every school the same with "
                f"offer: {{{resource.name}: 10, override: true}}"
            )
    return None


def _of_level(level: AnyLevel) -> str | None:
    if isinstance(level, Spread):
        return f"{level.name} compares shares and is no sum over pairs"
    if not isinstance(level, Level):
        return None
    if level.presence_amounts is not None and level.presence_amounts.any():
        return f"{level.name} counts once what several pairs may make true together"
    return f"{level.name} may be given up in part (`within`)" if level.within is not None else None
