"""Requirements that cannot all be met, and what would mend them."""

from dataclasses import dataclass

from nle_optimizer.model.solution import Tree


@dataclass(frozen=True, eq=False)
class Clash:
    """An irreducible set of requirements that no allocation meets: without any one of them, some allocation does.

    Attributes:
        requirements: labels of rows, and `pair NLE, SCHOOL` for required pairs.
        sentences: what clashes and by how much, for people.
        proof: `multipliers` where `tree` proves it, `solver` where it rests on a solver's word.
        tree: multipliers that bound the amounts 0 below 0; None where there are none.
        repairs: the least changes that would make an allocation possible, in sentences.
    """

    requirements: tuple[str, ...]
    sentences: tuple[str, ...]
    proof: str
    tree: Tree | None = None
    repairs: tuple[str, ...] = ()
