"""The part of England that an import is cut to: regions, local authorities, or both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.scenario.columns import REGIONS
from nle_optimizer.sources.england.extracts import fold


@dataclass(frozen=True)
class Area:
    """Regions and authorities asked for, as GIAS spells them; empty means all.

    Where both are named, a school must lie in one of the regions and in one of the authorities.
    """

    regions: Sequence[str] = ()
    authorities: Sequence[str] = ()

    def __contains__(self, cells: object) -> bool:
        assert isinstance(cells, Mapping)
        in_region = not self.regions or cells["region"] in self.regions
        return in_region and (not self.authorities or cells["local_authority"] in self.authorities)

    @property
    def label(self) -> str:
        """The area in words."""
        return ", ".join([*self.authorities, *self.regions]) or "England"


def area_of(regions: Iterable[str], authorities: Iterable[str], known_authorities: Iterable[str]) -> Area:
    """The area of names that people typed, compared without case and punctuation.

    Raises:
        InputError: a name that is no region, or no authority of the GIAS file.
    """
    problems: list[Problem] = []
    area = Area(
        _matched("--region", "region of England", regions, REGIONS, problems),
        _matched("--local-authority", "local authority of the GIAS file", authorities, known_authorities, problems),
    )
    if problems:
        raise InputError(problems)
    return area


def _matched(
    option: str, what: str, names: Iterable[str], known: Iterable[str], problems: list[Problem]
) -> tuple[str, ...]:
    spelt = {fold(name): name for name in sorted(known) if name}
    found: list[str] = []
    for name in names:
        if fold(name) in spelt:
            found.append(spelt[fold(name)])
        else:
            problems.append(Problem(Place(option), "", f"there is no such {what}", name, _hint(name, spelt)))
    return tuple(dict.fromkeys(found))


def _hint(name: str, spelt: Mapping[str, str]) -> str | None:
    """The nearest name: one that begins so, one that looks alike, or one with a word that does."""
    begins = [full for folded, full in spelt.items() if fold(name) and folded.startswith(fold(name))]
    if begins:
        return f"did you mean {begins[0]}?"
    words = {word.casefold(): full for full in spelt.values() for word in full.split()}
    near = get_close_matches(name.casefold(), words, n=1, cutoff=0.8)
    return did_you_mean(name, spelt.values()) or (f"did you mean {words[near[0]]}?" if near else None)
