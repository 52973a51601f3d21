"""`init`, `generate`, `import`, `doctor`, and the lists of what there is.

`init`: a small commented example to edit. `nle-optimizer generate`: a synthetic England-like scenario of any size.
`nle-optimizer import`: official extracts to scenario tables. `doctor`: versions, engines, a self-test.
`schema`, `policies`, `objectives`, `constraints`, `rules`, `metrics`: what there is to choose from.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.cli.options import format_option, print_json, say

if TYPE_CHECKING:
    from nle_optimizer.sources.synthetic import SyntheticEngland


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--xlsx", type=click.Path(path_type=Path), help="Write one workbook with drop-downs instead.")
def init(folder: Path | None, xlsx: Path | None) -> None:
    """Write a small commented example to edit: a folder of files, or one workbook."""
    if (folder is None) == (xlsx is None):
        raise click.UsageError("name a folder, or a workbook with --xlsx")
    from nle_optimizer.sources.example import write_example, write_example_workbook

    if xlsx is not None:
        write_example_workbook(xlsx)
        say(f"{xlsx}: written. Run it: nle-optimizer run {xlsx}")
    if folder is not None:
        files = write_example(folder)
        for file in files:
            say(str(file))
        say(f"Run it: nle-optimizer run {folder / 'scenario.yaml'}")


@click.command("generate")
@click.option("--schools", type=int, required=True, help="How many schools to draw.")
@click.option("--nles", type=int, required=True, help="How many NLEs to draw.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same bytes.")
@click.option("--region", "regions", multiple=True, help="Only this region; may be repeated. Default: all nine.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2022-09-01",
    show_default=True,
    help="The day by which everything is known.",
)
@click.option(
    "--twice-below-good",
    type=float,
    help="Share of schools whose last two grades are both 3 or 4. Default: as measured, 0.04.",
)
@click.option(
    "--keep-others",
    type=float,
    default=1.0,
    show_default=True,
    help="Share kept of the schools that are neither twice below Good nor an NLE's home.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--force", is_flag=True, help="Replace a folder that generate made before.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def generate_command(
    schools: int,
    nles: int,
    seed: int,
    regions: tuple[str, ...],
    as_of: datetime,
    twice_below_good: float | None,
    keep_others: float,
    out: Path,
    force: bool,
    style: str,
) -> None:
    """Make a synthetic England-like scenario: schools, trusts and NLEs, none of them real.

    Schools are clustered as England's are, and their phases, faiths, grades and trusts follow figures per
    authority measured from public extracts. NLEs are always synthetic.
    """
    from nle_optimizer.cli.options import steps
    from nle_optimizer.sources.synthetic import generate

    how: dict[str, Any] = {"regions": regions, "twice_below_good": twice_below_good, "keep_others": keep_others}
    with steps("generate", 4) as step:
        step("drawing")
        made = generate(schools, nles=nles, seed=seed, as_of=as_of.date(), **how)
        made.write(out, force=force, progress=step)
    england = made.england
    scenario = (out / "scenario.yaml").as_posix()
    if style == "json":
        print_json(_document(england, scenario), indent=2)
    else:
        say(_summary(england, scenario))


def _summary(england: "SyntheticEngland", scenario: str) -> str:
    counts = england.counts
    drawn = counts["schools_drawn"]
    of_drawn = f" (of {drawn:,} drawn)" if drawn > counts["schools"] else ""
    return "\n".join(
        [
            f"Wrote {scenario}: all of it is synthetic, no school and no NLE is real.",
            f"  schools     {counts['schools']:>9,}{of_drawn}",
            f"  below Good  {counts['twice_below_good']:>9,} in both of their last two inspections",
            f"  trusts      {counts['trusts']:>9,}",
            f"  NLEs        {counts['nles']:>9,} with {counts['placements']:,} placements",
            f"Next: nle-optimizer run {scenario}",
        ]
    )


def _document(england: "SyntheticEngland", scenario: str) -> dict[str, Any]:
    request = england.request
    return {
        "schema_version": 1,
        "scenario": scenario,
        "synthetic": True,
        "seed": request.seed,
        "regions": list(request.regions),
        "as_of": request.as_of.isoformat(),
        "counts": england.counts,
        "next": f"nle-optimizer run {scenario}",
    }


FILE = click.Path(path_type=Path)


@click.group("import")
def import_() -> None:
    """Turn official extracts into scenario tables."""


@import_.command("england")
@click.option("--gias", type=FILE, required=True, help="Establishments, GIAS layout of any width (CSV).")
@click.option("--ofsted", type=FILE, help="Grades and dates of full inspections, Ofsted layout (CSV).")
@click.option("--trust-links", type=FILE, help="Which school belongs to which trust, GIAS groups (CSV).")
@click.option("--finance", type=FILE, help="Income and in-year balance of schools in pounds (CSV).")
@click.option("--cases", type=FILE, help="School ids and whatever else is known; only these are written (CSV).")
@click.option("--nles", type=FILE, help="Your NLE list; blanks are filled from home_school_id (CSV).")
@click.option("--urn-links", type=FILE, help="Predecessors and successors, GIAS links (CSV).")
@click.option("--region", "regions", multiple=True, metavar="NAME", help="Only this region; may be repeated.")
@click.option(
    "--local-authority",
    "authorities",
    multiple=True,
    metavar="NAME",
    help="Only this authority; may be repeated.",
)
@click.option("--as-of", metavar="DATE", help="Day up to which facts count. [default: latest date in the files]")
@click.option("--out", type=FILE, required=True, help="Folder to write.")
@click.option("--force", is_flag=True, help="Replace an earlier import; files put there by hand are kept.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def england(
    gias: Path,
    ofsted: Path | None,
    trust_links: Path | None,
    finance: Path | None,
    cases: Path | None,
    nles: Path | None,
    urn_links: Path | None,
    regions: tuple[str, ...],
    authorities: tuple[str, ...],
    as_of: str | None,
    out: Path,
    force: bool,
    form: str,
) -> None:
    """Write schools, trusts and a scenario that runs from England's official extracts.

    Needs that nobody assessed are declared proxies (column need_source); so is trust quality. What every
    column means stands in docs/reference/import-england.md.
    """
    from nle_optimizer.cli.options import steps
    from nle_optimizer.folders import refuse_existing
    from nle_optimizer.scenario.official_cells import day_argument
    from nle_optimizer.sources.england.importer import IMPORT, import_england
    from nle_optimizer.sources.england.reading import summary_text

    files: dict[str, Any] = {
        "ofsted": ofsted,
        "trust_links": trust_links,
        "finance": finance,
        "cases": cases,
        "nles": nles,
    }
    where: dict[str, Any] = {"regions": regions, "local_authorities": authorities}
    refuse_existing(out, IMPORT, force=force)
    with steps("import", 4) as step:
        made = import_england(
            gias, **files, urn_links=urn_links, **where, as_of=day_argument("--as-of", as_of), progress=step
        )
        step("writing")
        scenario = made.write(out, force=force)
    command = f"nle-optimizer run {scenario}"
    if form == "json":
        print_json({**made.summary.to_dict(), "out": str(out), "next": command}, indent=2)
    else:
        say(summary_text(made.summary, out, command))


PACKAGES = ("nle-optimizer", "ortools", "numpy", "scipy", "pydantic", "ruamel.yaml", "openpyxl", "click")


@click.command()
@format_option
def doctor(form: str) -> None:
    """Show versions and engines, and solve and verify a small synthetic scenario."""
    import platform
    from importlib.metadata import version

    from nle_optimizer.engines.engine import ENGINES, engine_named

    versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    engines = {name: engine_named(name).summary for name in ENGINES}
    wrong = _self_test()
    if form == "json":
        print_json({"schema_version": 1, "versions": versions, "engines": engines, "self_test": wrong or "passed"})
    else:
        for name, text in versions.items():
            say(f"{name:16} {text}")
        for name, text in engines.items():
            say(f"engine {name}: {text}")
        say(f"self-test: {'; '.join(wrong) or 'passed'}")
    if wrong:
        raise click.exceptions.Exit(1)


def _self_test() -> list[str]:
    """Solve the example of `init` and verify it; what is wrong, if anything."""
    import tempfile
    from pathlib import Path

    from nle_optimizer import allocate, load_scenario, verify
    from nle_optimizer.sources.example import write_example

    with tempfile.TemporaryDirectory() as folder:
        write_example(Path(folder) / "example")
        result = allocate(load_scenario(Path(folder) / "example" / "scenario.yaml"))
        return verify(result)


@click.command()
def schema() -> None:
    """Print the JSON Schema of the scenario file, for editors."""
    from nle_optimizer.scenario.validation import scenario_schema

    print_json(scenario_schema())


@click.command()
@format_option
def policies(form: str) -> None:
    """List the eligibility policies, with their source and the columns they need."""
    from nle_optimizer.scenario.policies import POLICIES

    if form == "json":
        entries = [
            {
                "name": policy.name,
                "title": policy.title,
                "source": policy.source,
                "columns": policy.columns,
                "rules": [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in policy.rules],
                "note": policy.note,
            }
            for policy in POLICIES.values()
        ]
        print_json({"schema_version": 1, "policies": entries})
        return
    for policy in POLICIES.values():
        needs = f"\n    needs: {', '.join(policy.columns)}" if policy.columns else ""
        note = f"\n    note: {policy.note}" if policy.note else ""
        say(f"{policy.name}: {policy.title}\n    source: {policy.source}{needs}{note}")


@click.command()
@format_option
def objectives(form: str) -> None:
    """List the objectives, with sense, unit, formula and source."""
    from nle_optimizer.model.objectives import CATALOGUE

    if form == "json":
        names = ("name", "sense", "unit", "formula", "source")
        entries = [{name: getattr(objective, name) for name in names} for objective in CATALOGUE]
        print_json({"schema_version": 1, "objectives": entries})
        return
    for entry in CATALOGUE:
        say(f"{entry.name}: {entry.sense}, in {entry.unit}: {entry.formula}\n    source: {entry.source}")


@click.command()
@format_option
def constraints(form: str) -> None:
    """List the types of constraints, with what each counts and the columns and settings it takes."""
    from nle_optimizer.model.constraints.constraint_types import CONSTRAINTS
    from nle_optimizer.scenario.setting_sections import KEYS

    if form == "json":
        entries = [
            {"name": kind.name, "counts": kind.counts, "columns": kind.columns, "settings": list(KEYS[kind.name])}
            for kind in CONSTRAINTS.values()
        ]
        print_json({"schema_version": 1, "constraints": entries})
        return
    for kind in CONSTRAINTS.values():
        say(f"{kind.name}: {kind.counts}\n    columns: {kind.columns}\n    settings: {', '.join(KEYS[kind.name])}")


@click.command()
@format_option
def rules(form: str) -> None:
    """List the matching rules, with what each promises and where that ends."""
    from dataclasses import asdict

    from nle_optimizer.rules.registry import RULES, promise_of

    if form == "json":
        print_json({"schema_version": 1, "rules": [{"name": name, **asdict(promise_of(name))} for name in RULES]})
        return
    for name in RULES:
        promise = promise_of(name)
        facts = {
            "promises": promise.guarantees,
            "but": promise.caveats,
            "ranks": promise.ranks,
            "misreporting": promise.misreports,
            "takes": promise.complexity,
            "source": promise.source,
        }
        say("\n    ".join([f"{name}: {promise.summary}", *(f"{key}: {text}" for key, text in facts.items())]))


@click.command()
@format_option
def metrics(form: str) -> None:
    """List the metrics of `benchmark`, with sense, unit, formula and source."""
    from nle_optimizer.studies.benchmark.metrics import METRICS

    if form == "json":
        names = ("name", "sense", "unit", "formula", "source")
        entries = [{name: getattr(metric, name) for name in names} for metric in METRICS]
        print_json({"schema_version": 1, "metrics": entries})
        return
    for entry in METRICS:
        say(f"{entry.name}: {entry.sense}, in {entry.unit}: {entry.formula}\n    source: {entry.source}")
