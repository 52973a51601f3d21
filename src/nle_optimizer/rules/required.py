"""Pairs that are required or agreed: every procedure takes them before anybody has a turn."""

from nle_optimizer.model.problem import Problem
from nle_optimizer.model.room import Room, room_in


def required_first(problem: Problem) -> tuple[list[int], Room, list[int]]:
    """The required pairs, the room they leave, and how many more NLEs each recipient may have."""
    chosen = problem.required_pairs().tolist()
    room, wanted = room_in(problem), problem.supporters.tolist()
    for pair in chosen:
        room.take(pair)
        wanted[problem.recipient[pair]] -= 1
    return chosen, room, wanted
