"""`schema`, `policies`, `objectives`, `constraints`, `rules`: what there is to choose from."""

import click

from nle_optimizer.cli.options import format_option, print_json, say


@click.command()
def schema() -> None:
    """Print the JSON Schema of the scenario file, for editors."""
    from nle_optimizer.scenario.json_schema import scenario_schema

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
    from nle_optimizer.model.objectives.registry import CATALOGUE

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
    from nle_optimizer.model.constraints.registry import CONSTRAINTS
    from nle_optimizer.scenario.constraint_setting import KEYS

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
    from nle_optimizer.evidence.measures.registry import METRICS

    if form == "json":
        names = ("name", "sense", "unit", "formula", "source")
        entries = [{name: getattr(metric, name) for name in names} for metric in METRICS]
        print_json({"schema_version": 1, "metrics": entries})
        return
    for entry in METRICS:
        say(f"{entry.name}: {entry.sense}, in {entry.unit}: {entry.formula}\n    source: {entry.source}")
