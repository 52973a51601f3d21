"""The problem of a case with one thing changed."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.build import build_problem
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.requirement import requirement
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.records import Column, Integers, Kind


def with_capacity(case: Case, resource: str, nle: int | Integers, more: int | Integers) -> Problem:
    """The problem where one NLE, or some, has more or less of a resource, in millionths; limits stay as they are."""
    capacity = _capacity(case)
    capacity[resource][nle] += more
    ground = Ground(case.candidates, case.use, case.cost, capacity)
    return build_problem(ground, case.requirements, list(case.objectives), case.scenario.settings)


def with_supporters(case: Case, recipient: int, supporters: int) -> Problem:
    """The problem where one recipient may have so many NLEs."""
    recipients = case.recipients
    allowed = case.problem.supporters.copy()
    allowed[recipient] = supporters
    return with_all_supporters(case, allowed, recipients.column("supporters").kind)


def with_all_supporters(case: Case, supporters: Integers, kind: Kind = Kind.COUNT) -> Problem:
    """The problem where every recipient may have so many NLEs, shape (recipients,)."""
    column = Column(kind, supporters, np.ones(len(supporters), dtype=bool))
    candidates = replace(case.candidates, recipients=case.recipients.with_columns({"supporters": column}))
    ground = Ground(candidates, case.use, case.cost, _capacity(case))
    settings = case.scenario.settings
    requirements = [requirement(asked, ground) for asked in settings.constraints]
    return build_problem(ground, requirements, list(case.objectives), settings)


def with_row(problem: Problem, number: int, **limits: int) -> Problem:
    """The problem with another limit on one of its rows."""
    rows: list[Row] = list(problem.rows)
    rows[number] = replace(rows[number], **limits)  # type: ignore[arg-type]
    return replace(problem, rows=tuple(rows))


def _capacity(case: Case) -> Mapping[str, Integers]:
    return {resource.name: resource.capacity.copy() for resource in case.problem.resources}
