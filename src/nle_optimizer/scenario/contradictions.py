"""What constraints and objectives contradict in themselves, told before any table is looked at."""

from collections.abc import Iterator

from nle_optimizer.errors import Place, Problem, did_you_mean
from nle_optimizer.scenario.constraint_setting import faults_of, named_twice
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.objective_setting import BLEND_PARTS, NO_SUMS, OBJECTIVE_NAMES, Objective
from nle_optimizer.scenario.settings import Settings


def contradictions(document: Document, settings: Settings) -> list[Problem]:
    """Every constraint and objective that cannot mean anything, each in its place and with a remedy."""
    return [*_objectives(document, settings), *_constraints(document, settings)]


def _constraints(document: Document, settings: Settings) -> Iterator[Problem]:
    for n, constraint in enumerate(settings.constraints):
        for key, what, got, hint in faults_of(constraint):
            steps = ("constraints", n, key) if key else ("constraints", n)
            path = f"constraints.{constraint.name}" + (f".{key}" if key else "")
            yield Problem(document.place(steps), path, what, got, hint)
    for n, first in named_twice(settings.constraints):
        what = f"another constraint has this name ({_where(document.place(('constraints', first)))})"
        name = settings.constraints[n].name
        yield Problem(document.place(("constraints", n, "name")), f"constraints.{n}.name", what, name, "rename one")


def _where(place: Place) -> str:
    return f"line {place.line}" if place.line else str(place)


def _objectives(document: Document, settings: Settings) -> Iterator[Problem]:
    objectives = settings.objectives or []
    for n, objective in enumerate(objectives):
        place, path = document.place(("objectives", n)), f"objectives.{n}"
        if objective.name not in OBJECTIVE_NAMES:
            hint = did_you_mean(objective.name, OBJECTIVE_NAMES) or f"one of {', '.join(OBJECTIVE_NAMES)}"
            yield Problem(place, path, "unknown objective", objective.name, hint)
        if objective in objectives[:n]:
            first = _where(document.place(("objectives", objectives.index(objective))))
            yield Problem(place, path, f"{objective.name} stands twice ({first})", hint="take one of them out")
        for key, problem in (*_parts(objective), *_options(objective)):
            here = document.place(("objectives", n, objective.name, key))
            yield Problem(here, f"{path}.{objective.name}", *problem)


def _parts(objective: Objective) -> Iterator[tuple[str, tuple[str, str, str | None]]]:
    for part in objective.parts:
        if part in NO_SUMS:
            what = "no sum over pairs, so no blend can weigh it"
            yield part, (what, part, "give it a level of its own")
        elif part not in BLEND_PARTS:
            hint = did_you_mean(part, BLEND_PARTS) or f"one of {', '.join(BLEND_PARTS)}"
            yield part, ("unknown part of a blend", part, hint)


def _options(objective: Objective) -> Iterator[tuple[str, tuple[str, str, str | None]]]:
    known = NO_SUMS.get(objective.name)
    for key in ("where", "by", "weight", "step", "within"):
        if known is not None and key not in known and getattr(objective, key) not in (None, {}):
            takes = f"it takes {' and '.join(known)}" if known else "it takes none"
            yield key, (f"{objective.name} is no sum over pairs and has no such option", key, takes)
