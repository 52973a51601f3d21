"""Nearest: schools of the first priority take the NLE next door."""

import numpy as np

from nle_optimizer.model.lots import identities, lots
from nle_optimizer.model.preferences import order_of
from nle_optimizer.rules.agenda import LAST, Agenda
from nle_optimizer.rules.rule import Promise
from nle_optimizer.rules.serial.dictatorship import SerialDictatorship


def _nearest_first(agenda: Agenda) -> list[list[int]]:
    problem, found = agenda.problem, agenda.candidates
    distance = np.where(found.distance >= 0, found.distance, LAST)
    lot = lots(identities(problem.nle_ids, "nle", agenda.settings.seed), 0)[problem.nle]
    everyone = np.ones(problem.size, dtype=bool)
    keys = [distance, -found.fit]
    return order_of(len(problem.recipient_ids), problem.recipient, keys, lot, everyone).lists()


NEAREST = SerialDictatorship(
    "nearest",
    Promise(
        summary="recipients in order of priority take the nearest NLE left",
        guarantees="Pareto efficient in distance for the order that lots make strict",
        caveats="blind to fit; an unknown distance counts as the farthest",
        misreports="nothing is asked that could be misreported but the place",
        complexity="O(p log p)",
        source="common practice; Svensson (1999), doi:10.1007/s003550050160",
    ),
    turns=lambda agenda, _: agenda.by_priority,
    wishes=_nearest_first,
)
