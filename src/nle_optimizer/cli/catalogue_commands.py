"""`schema`, `policies`, `objectives`, `rules`: what there is to choose from."""

import click

from nle_optimizer.cli.options import format_option, print_json


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
        click.echo(f"{policy.name}: {policy.title}\n    source: {policy.source}{needs}{note}")


@click.command()
@format_option
def objectives(form: str) -> None:
    """List the objectives, with sense, unit and formula."""
    from nle_optimizer.model.objectives.registry import ADDITIVE, NOT_ADDITIVE

    rows = [(o.name, o.sense, o.unit, o.formula, "") for o in ADDITIVE.values()]
    rows.append(("blend", "maximise", "weighted sum", "sum of its parts times their weights", ""))
    rows += [(o.name, o.sense, o.unit, o.formula, f"not available yet: needs {o.needs}") for o in NOT_ADDITIVE.values()]
    if form == "json":
        names = ("name", "sense", "unit", "formula", "note")
        print_json({"schema_version": 1, "objectives": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    for name, sense, unit, formula, note in rows:
        click.echo(f"{name}: {sense}, in {unit}: {formula}" + (f" ({note})" if note else ""))


@click.command()
@format_option
def rules(form: str) -> None:
    """List the matching rules."""
    from nle_optimizer.rules.registry import RULES

    if form == "json":
        print_json({"schema_version": 1, "rules": [{"name": name, "summary": text} for name, text in RULES.items()]})
        return
    for name, text in RULES.items():
        click.echo(f"{name}: {text}")
