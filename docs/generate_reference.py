"""Writes the reference pages and the README's picture from the code, so that they cannot go stale.

python docs/generate_reference.py            write them
python docs/generate_reference.py --check    say which are not current, and exit with 1
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from draw_map import england_map
from generate_python import python_page

from nle_optimizer.catalogue import findings
from nle_optimizer.cli.main import COMMANDS, program
from nle_optimizer.model.constraints.constraint_types import CONSTRAINTS
from nle_optimizer.model.objectives import CATALOGUE
from nle_optimizer.rules.registry import RULES, promise_of
from nle_optimizer.scenario import identifiers
from nle_optimizer.scenario.changes import CHANGES
from nle_optimizer.scenario.columns import OWN, TABLES
from nle_optimizer.scenario.policies import DERIVED_COLUMNS, POLICIES, Policy
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, KEYS, NO_SUMS
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.validation import scenario_schema
from nle_optimizer.studies.benchmark.metrics import METRICS
from nle_optimizer.studies.benchmark.tasks import rules_asked

DOCS = Path(__file__).resolve().parent
WIDTH = 100
MARK = "<!-- Written by docs/generate_reference.py: change the code, then run `make docs`. -->"

"""What settings mean whose meaning the code leaves to their names."""

ELSEWHERE = ("Objective.name", "Objective.parts")
"""What the page on objectives says."""

PARTS = {
    "DataFile": "A table's file",
    "GiasFile": "The file of GIAS",
    "Sample": "A sample",
    "PairsFile": "The file of the pairs table",
    "Rule": "A rule of your own",
    "Range": "A condition",
    "Qualifies": "Who qualifies for a trust",
    "Objective": "Options of an objective",
    "Addition": "An addition",
    "Constraint": "A constraint",
}


def pages() -> Iterator[tuple[str, str]]:
    """Every generated file: its path under docs, and its text."""
    yield "reference/cli.md", cli_page()
    yield "reference/scenario.md", scenario_page()
    yield "reference/tables.md", tables_page()
    yield "reference/policies.md", policies_page()
    yield "reference/objectives.md", objectives_page()
    yield "reference/constraints.md", constraints_page()
    yield "reference/metrics.md", metrics_page()
    yield "reference/findings.md", findings_page()
    yield "reference/rules.md", rules_page()
    yield "reference/python.md", python_page(MARK)
    yield "images/england.svg", england_map(DOCS.parent)


def cli_page() -> str:
    """The help of every command."""
    lines = ["# Commands", MARK, "", str(program.epilog), ""]
    lines += [
        "Results go to stdout, progress and messages to stderr. `--format json` prints one document with",
        "`schema_version`. `nle-optimizer --debug COMMAND ...` shows where in the code a fault arose.",
    ]
    context = click.Context(program, info_name="nle-optimizer", **_context())
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        lines += _help(command, name, context)
    return _text(lines)


def _context() -> dict[str, Any]:
    return {**program.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}


def _help(command: click.Command, name: str, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, **_context())
    if isinstance(command, click.Group):
        return [line for word, part in command.commands.items() for line in _help(part, word, context)]
    return [
        "",
        f"## {context.command_path.removeprefix('nle-optimizer ')}",
        "```text",
        command.get_help(context),
        "```",
    ]


def scenario_page() -> str:
    """Every setting of the scenario file."""
    schema = scenario_schema()
    lines = [
        "# The scenario file",
        MARK,
        "",
        "YAML 1.2, or a workbook with the sheets Settings (key, value), Schools, NLEs, Trusts and Pairs. Only",
        "`schema`, `name`, `data.schools` and `data.nles` are required. An unknown key is an error that names the",
        "nearest known one. Keys are written here as `--set` and `overrides` address them.",
        "",
        "A later word beats an earlier one: `base`, the file itself, a named scenario, `--set`.",
        "",
        "## The file",
        *_settings_table(_top_level(schema), ""),
    ]
    for key, entry in schema["properties"].items():
        section = _section(entry, schema)
        if section is not None:
            lines += ["", f"## {key}", section.get("description", ""), "", *_settings_table(section, f"{key}.", schema)]
    for name, title in PARTS.items():
        part = Settings.model_json_schema(by_alias=True)["$defs"][name]
        lines += ["", f"## {title}", part.get("description", ""), "", *_settings_table(part, f"{name}.", schema)]
    return _text(lines)


def _top_level(schema: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: entry for key, entry in schema["properties"].items() if _section(entry, schema) is None}
    return {"properties": plain, "required": ["schema", "name"]}


def _section(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The group of settings that an entry stands for, if it is one."""
    name = str(entry.get("$ref", "")).rpartition("/")[2]
    return schema["$defs"][name] if name and name not in PARTS else None


def _settings_table(section: Mapping[str, Any], prefix: str, schema: Mapping[str, Any] | None = None) -> list[str]:
    """The settings of a group as rows, those of groups within it too."""
    lines = [] if prefix.count(".") > 1 else ["| setting | meaning | values | default |", "|---|---|---|---|"]
    required = section.get("required", [])
    for key, entry in section["properties"].items():
        path = f"{prefix}{key}"
        if path in ELSEWHERE:
            continue
        inner = _section(entry, schema) if schema else None
        if inner is not None:
            lines += _settings_table(inner, f"{path}.", schema)
            continue
        default = "**required**" if key in required else _value(entry.get("default"))
        shown = path.partition(".")[2] if path[0].isupper() else path
        lines.append(f"| `{shown}` | {_meaning(path, entry)} | {_cell(_values(entry))} | {_cell(default)} |")
    return lines


def _meaning(path: str, entry: Mapping[str, Any]) -> str:
    text = entry.get("description")
    if not text:
        raise SystemExit(f"{path}: no meaning is written; add a docstring to the setting")
    return _cell(str(text))


def _values(entry: Mapping[str, Any]) -> str:
    """What a setting may be, in words, from its JSON Schema."""
    options = entry.get("anyOf")
    if options:
        words = [_values(option) for option in options if option.get("type") != "null"]
        return "any value" if len(words) > 3 else " or ".join(dict.fromkeys(words))
    reference = str(entry.get("$ref", "")).rpartition("/")[2]
    if reference:
        return f"*{PARTS[reference][0].lower()}{PARTS[reference][1:]}*"
    if "const" in entry:
        return f"`{entry['const']}`"
    if "enum" in entry:
        return ", ".join(f"`{word}`" for word in entry["enum"])
    if "pattern" in entry and "%" in entry["pattern"]:
        return "a percentage such as `10%`"
    if entry.get("type") == "array":
        return f"a list of {_values(entry.get('items', {}))}"
    if entry.get("type") == "object":
        return _mapping(entry)
    return _plain(entry)


def _mapping(entry: Mapping[str, Any]) -> str:
    names = entry.get("propertyNames", {})
    keys = names.get("enum") or [names["const"]] if names.keys() & {"enum", "const"} else []
    inner = entry.get("additionalProperties")
    of = ", ".join(f"`{key}`" for key in keys) or "names"
    return f"a mapping of {of} to {_values(inner)}" if isinstance(inner, dict) else "a mapping"


def _plain(entry: Mapping[str, Any]) -> str:
    if entry.get("format") == "date":
        return "a date"
    words = {"number": "a number", "integer": "a whole number", "string": "text", "boolean": "`true` or `false`"}
    word = words.get(str(entry.get("type")), "any value")
    least, most = entry.get("minimum"), entry.get("maximum")
    if least is not None:
        return f"{word} from {least}" + (f" to {most:,}" if most is not None else " up")
    return f"{word} above 0" if "exclusiveMinimum" in entry else word


def _value(value: Any) -> str:
    if value is None or value in ({}, [], ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Mapping):
        return "`{" + ", ".join(f"{key}: {_bare(entry)}" for key, entry in value.items()) + "}`"
    if isinstance(value, list):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f"`{value}`"


def tables_page() -> str:
    """Every column of every table."""
    lines = [
        "# Tables",
        MARK,
        "",
        "CSV or XLSX. Required columns are **bold**. Other columns are kept, for `when` and `where`;",
        "each resource of `capacity.resources` has a column of its own in the schools, NLE and pairs tables (what a",
        "school needs, what an NLE has, what a pair uses). A blank cell is not zero: not known.",
        "",
        *str(identifiers.__doc__).splitlines(),
        f"Words that mean nothing: {', '.join(f'`{word}`' for word in identifiers.WORDS_FOR_NOTHING)}.",
    ]
    for table in (*TABLES.values(), CHANGES):
        lines += ["", f"## {table.name}", table.doc, "", "| column | kind | meaning |", "|---|---|---|"]
        for column in table.columns.values():
            name = f"**{column.name}**" if column.required else column.name
            kind = f"{column.kind.value}, {column.unit}" if column.unit else column.kind.value
            words = " One of: " + ", ".join(f"`{word}`" for word in column.choices) if column.choices else ""
            words += f" A row of `{column.refers_to}`." if column.refers_to else ""
            lines.append(f"| {name} | {kind} | {_cell(column.doc + words)} |")
    lines += ["", "## Derived columns", "For any `when` and `where`, besides the columns of the schools table.", ""]
    lines += ["| column | meaning |", "|---|---|"]
    lines += [f"| {name} | {_cell(text)} |" for name, text in DERIVED_COLUMNS.items()]
    return _text(lines)


def metrics_page() -> str:
    """Every metric of a benchmark."""
    lines = ["# Metrics", MARK, "", "What `benchmark` measures. `NAME[group=value]` stands for one figure a group.", ""]
    lines += ["| metric | better | unit | formula | source |", "|---|---|---|---|---|"]
    lines += [
        f"| `{metric.name}` | {metric.sense} | {metric.unit} | {_cell(metric.formula)} | {_cell(metric.source)} |"
        for metric in METRICS
    ]
    return _text(lines)


def findings_page() -> str:
    """Every finding by its code."""
    lines = ["# Findings", MARK, "", *str(findings.__doc__).splitlines(), "", "| code | what it says |", "|---|---|"]
    lines += [f"| `{code}` | {_cell(meaning)} |" for code, meaning in findings.FINDINGS.items()]
    return _text(lines)


def rules_page() -> str:
    """Every matching rule with what is known of it."""
    lines = ["# Matching rules", MARK, ""]
    lines += [
        "Every rule keeps to capacities, conflicts, required pairs and upper limits, but for",
        "`status-quo`; lower limits that it misses are told. n recipients, m NLEs, p candidate pairs.",
    ]
    for name in RULES:
        promise = promise_of(name)
        facts = {
            "Promises": promise.guarantees,
            "But": promise.caveats,
            "Ranks": promise.ranks,
            "Does a misreport pay?": promise.misreports,
            "Takes": promise.complexity,
            "Source": promise.source,
        }
        usual = "" if name in rules_asked(None) else " Tried by `benchmark` by name or with `--rules all`."
        lines += ["", f"## {name}", f"{_sentence(promise.summary)}.{usual}", ""]
        lines += [f"- **{title}** {_sentence(text)}." for title, text in facts.items()]
    return _text(lines)


def _sentence(text: str) -> str:
    return text if text.startswith("O(") else text[0].upper() + text[1:]


def policies_page() -> str:
    """Every named policy with its rules."""
    lines = [
        "# Eligibility policies",
        MARK,
        "",
        "Eligibility changed every year, so it is a setting: `eligibility.policy`. Grades: 1 Outstanding, 2 Good,",
        "3 Requires improvement (RI), 4 Inadequate. A school is eligible by the first rule that holds. Where a rule",
        "cannot be decided because a cell is blank, and no other holds, the school leaves as `cannot-tell`.",
    ]
    for policy in POLICIES.values():
        lines += ["", f"## {policy.name}", policy.title + ".", "", *_policy(policy)]
    return _text(lines)


def _policy(policy: Policy) -> Iterator[str]:
    yield f"Source: {policy.source}."
    if policy.note:
        yield f"Note: {policy.note}"
    if not policy.rules:
        return
    yield from ("", "| rule | when | offer |", "|---|---|---|")
    for rule in policy.rules:
        written = rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
        when = ", ".join(f"`{column}: {_bare(value)}`" for column, value in written["when"].items())
        offer = ", ".join(f"{amount} {resource}" for resource, amount in rule.offer.items()) or "not stated"
        yield f"| {rule.name} | {_cell(when)} | {offer} |"


def _bare(value: Any) -> str:
    return _value(value).strip("`")


def objectives_page() -> str:
    """Every objective."""
    lines = [
        "# Objectives",
        MARK,
        "",
        "`objectives` is a list in order: each is made as good as can be, then held while the next is. `blend`",
        "weighs several as one: `{blend: {fit: 1, distance_km: -0.002}}`. What counts against it has a",
        "negative weight. A blend may weigh: " + ", ".join(f"`{part}`" for part in BLEND_PARTS) + ".",
        "",
        "Sums take every option of [an objective](scenario.md#options-of-an-objective). "
        + "; ".join(f"`{name}` takes {_options(options)}" for name, options in NO_SUMS.items())
        + ".",
        "",
        "Without `objectives`: one level of `schools_supported` for each priority where the table has one, then `fit`,",
        "then `distance` where every distance is known.",
        "",
        "| objective | sense | unit | formula | source |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| `{o.name}` | {o.sense} | {o.unit} | {_cell(o.formula)} | {_cell(o.source)} |" for o in CATALOGUE]
    return _text(lines)


def _options(options: tuple[str, ...]) -> str:
    return " and ".join(f"`{option}`" for option in options) or "none"


def constraints_page() -> str:
    """Every type of constraint."""
    exactly = "[what is decided](decisions.md#constraints)"
    lines = [
        "# Constraints",
        MARK,
        "",
        "`constraints` is a list; each has a `name`, by which `--set constraints.london.maximum=40` and overrides",
        "address it, and a `type`. Each is hard. `minimum` and `maximum` are numbers; `minimum_share` and",
        "`maximum_share` are shares of everything matched, or with `share_of: eligible` of all that meet `where`. With",
        f"`by` there is one limit for each value of a column. The exact rules: {exactly}.",
        "",
        "| type | counts | columns of `where` and `by` | settings |",
        "|---|---|---|---|",
    ]
    for kind in CONSTRAINTS.values():
        settings = ", ".join(f"`{key}`" for key in KEYS[kind.name])
        lines.append(f"| `{kind.name}` | {_cell(kind.counts)} | {_cell(kind.columns)} | {settings} |")
    lines += ["", "## Columns of a pair", "", "| column | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(column.doc)} |" for name, column in OWN.items()]
    lines += ["| those of the pairs table | blank where no row gives it |"]
    lines += ["| `school.NAME`, `nle.NAME` | a column of the school or of the NLE |"]
    lines += ["| any other | a column of the schools table |"]
    return _text(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _text(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the files, or with --check say which are not current."""
    stale = []
    for name, text in pages():
        path = DOCS / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    for name in stale:
        print(f"docs/{name}: {'not current; run make docs' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
