"""The scenario file of a synthetic England, commented for planners."""

from nle_optimizer.sources.synthetic.generator import Request, SyntheticEngland
from nle_optimizer.sources.synthetic.vocabulary import SOURCE

_TEXT = """\
# {title}.
# Every school, trust and NLE in this folder is synthetic: drawn at random, none is real.
# Places, phases, faiths, grades and trusts follow figures per authority measured from public extracts.
# {source}.
# Made by: {command}
{departures}schema: 1
name: {name}
title: {title}
as_of: {as_of}                    # inspections, joins and waiting count up to this day
{sample}
data:
  schools: schools.csv
  nles: nles.csv
  trusts: trusts.csv

eligibility:
  policy: two-below-good-2022         # the latest and the previous grade are both 3 or 4

trust_first:                          # before NLEs: a place in a high-quality trust
  mode: optimise
  high_quality: {{min_inspected: 5, min_share_good: 0.8}}   # a proxy; a given yes or no beats it
  already_in_trust: skip              # a school in a trust goes on to the NLEs
  max_distance_km: 30

geography:
  max_distance_km: 80                 # straight line from the NLE's home school
  nle_limit: respect                  # each NLE's own max_distance_km counts too

suitability:
  phase: must                         # an NLE without the school's phase is no candidate
  faith: prefer                       # the school's faith is worth a little, not required

fit:
  measure: need-met                   # share of the school's need that the NLE's expertise covers

capacity:
  resources: [placements]             # the tables hold days as well: [placements, days] counts both

objectives:
  # Fit runs from 0 to 1 for each school supported. A kilometre costs 0.002 of it, so that an NLE 50 km
  # farther away must meet a tenth more of the need. Raise it to keep travel short; 0 ignores distance.
  - {{blend: {{fit: 1, distance_km: -0.002}}}}

seed: {seed}                               # of the lottery that settles ties
"""

_SAMPLE = """\
sample:                               # some schools that are not below Good twice were left out
  policies: [two-below-good-2022, rise-2025]   # under these, nobody who is eligible is missing
  kept: {kept!r}
"""


def scenario_text(england: SyntheticEngland, name: str) -> str:
    """The text of `scenario.yaml` for a scenario of that name."""
    request = england.request
    return _TEXT.format(
        title=_title(england),
        source=SOURCE,
        command=command(request),
        departures="".join(f"# {line}.\n" for line in _departures(request)),
        name=_plain(name),
        as_of=request.as_of.isoformat(),
        sample="" if request.keep_others == 1 else _SAMPLE.format(kept=request.keep_others),
        seed=request.seed,
    )


def command(request: Request) -> str:
    """What to type to get the same tables again, without the folder."""
    parts = [f"nle-optimizer generate --schools {request.schools} --nles {request.nles} --seed {request.seed}"]
    parts += [f'--region "{region}"' for region in request.regions]
    parts += [f"--as-of {request.as_of.isoformat()}"]
    if request.twice_below_good is not None:
        parts += [f"--twice-below-good {request.twice_below_good!r}"]
    if request.keep_others != 1:
        parts += [f"--keep-others {request.keep_others!r}"]
    return " ".join(parts)


def _departures(request: Request) -> list[str]:
    """In what this England was asked to differ from the measured one."""
    lines = []
    if request.twice_below_good is not None:
        share = f"{100 * request.twice_below_good:g} %"
        lines.append(f"Not as measured: {share} of the schools drawn are below Good twice (England: 4 %)")
    if request.keep_others != 1:
        share = f"{100 * request.keep_others:g} %"
        lines.append(f"Of the schools drawn that are neither below Good twice nor an NLE's home, {share} are kept")
    return lines


def _title(england: SyntheticEngland) -> str:
    place = " and ".join(england.request.regions) or "England"
    counts = england.counts
    return f"Synthetic {place}, {counts['schools']} schools and {counts['nles']} NLEs"


def _plain(name: str) -> str:
    """A name that YAML reads as text whatever the folder is called."""
    words = "".join(
        letter if (letter.isascii() and letter.isalnum()) or letter in "-_" else "-" for letter in name
    ).strip("-")
    is_text = words and not words[0].isdigit() and words.casefold() not in ("null", "true", "false")
    return words if is_text else f"scenario-{words}"
