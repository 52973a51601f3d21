"""A run read by the statements: its relations and the statements in a folder, and what they find there."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from nle_optimizer.errors import VerificationError
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.sql.demands import demands_of, macros_of, unread
from nle_optimizer.evidence.verification.sql.expressions import literal, quoted
from nle_optimizer.evidence.verification.sql.relations import Relation, relations_of
from nle_optimizer.scenario.scenario import Scenario

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELATIONS = "relations"
LOAD, CONDITIONS, VERIFY, README = "load.sql", "conditions.sql", "verify.sql", "README.md"
STATEMENTS = (
    "0_words.sql",
    "1_schools.sql",
    "2_supply.sql",
    "3_pairs.sql",
    "4_fit.sql",
    "5_limits.sql",
    "6_tables.sql",
    "7_objectives.sql",
    "8_findings.sql",
)
"""The statements that are the same for every run, in order."""
ORDER = (LOAD, STATEMENTS[0], CONDITIONS, *STATEMENTS[1:])
NOT_READ = "not read in SQL"
"""The stage of findings that tell what the statements leave out."""
ABOUT = """# A run, read again in SQL

`duckdb < verify.sql`, in this folder, works out from the inputs of the run `{name}` who may be matched with whom, and
holds what was published against it. Nothing else is needed than the `duckdb` shell (duckdb.org). What it prints is a
row for each value that differs: the stage, the table, what names the row, the column, what the statements give
(`ours`) and what was published. Rows of the stage `{not_read}` are no faults: they name what no statement here reads.

| file | what it does |
|---|---|
| `load.sql` | the relations, with the unit of every column |
{steps}
| `conditions.sql` | the conditions of this run's settings, as macros |

A blank is NULL, and a condition on a blank is NULL too: it cannot be told. Numbers are whole numbers of the units that
`load.sql` states (a need of 0.5 is 500000 millionths), and a sum or product that is too long stops with an error
instead of being rounded. How files are read, how places come from postcodes, latitude or longitude, and what a text
means that conditions compare (`words`) is no part of the statements: that is done by the reader of scenarios.

| relation | what a row is |
|---|---|
{relations}
"""


@dataclass(frozen=True, order=True)
class SqlFinding:
    """A value that the statements give otherwise than it is published; empty where there is none.

    Attributes:
        stage: which statements found it.
        table: the file.
        key: what names the row, or the place in `summary.json`.
        column: the column.
        ours, published: the two values.
    """

    stage: str
    table: str
    key: str
    column: str
    ours: str
    published: str

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.table, self.key, self.column) if part)
        return f"{where}: the statements give {self.ours or 'a blank'}, the run says {self.published or 'a blank'}"


@dataclass(frozen=True)
class SqlReading:
    """What the statements found.

    Attributes:
        findings: what does not agree.
        not_read: what no statement reads, by file.
    """

    findings: Sequence[SqlFinding]
    not_read: Sequence[SqlFinding]


def read_in_sql(scenario: Scenario, claim: Claim, folder: Path) -> SqlReading:
    """Write the relations of a run and the statements into a folder, and run them.

    Raises:
        VerificationError: a number is too long for the statements.
    """
    write_statements(scenario, claim, folder)
    with run_statements(folder) as database:
        rows = [SqlFinding(*("" if cell is None else cell for cell in row)) for row in _fetched(database)]
    unread_rows = [row for row in rows if row.stage == NOT_READ]
    return SqlReading(sorted({*rows} - {*unread_rows}, key=astuple), unread_rows)


def _fetched(database: "DuckDBPyConnection") -> list[tuple[str | None, ...]]:
    return database.execute("FROM findings ORDER BY ALL").fetchall()


def write_statements(scenario: Scenario, claim: Claim, folder: Path) -> None:
    """Write the relations of a run, the statements, and how to run them."""
    (folder / RELATIONS).mkdir(parents=True, exist_ok=True)
    relations = [*relations_of(scenario, claim), *demands_of(scenario), unread(scenario)]
    with _database() as database:
        for relation in relations:
            _write_relation(relation, folder / RELATIONS / f"{relation.name}.parquet", database)
    held = {name: files(__package__).joinpath(name).read_text(encoding="utf-8") for name in STATEMENTS}
    steps = (f"| `{name}` | {text.partition('. ')[2].partition(chr(10))[0]} |" for name, text in held.items())
    rows = (f"| `{relation.name}` | {relation.doc} |" for relation in relations)
    written = {
        LOAD: "\n".join(_loaded(relation) for relation in relations),
        CONDITIONS: macros_of(scenario),
        VERIFY: "-- Run in this folder: duckdb < verify.sql\n.maxrows -1\n"
        + "".join(f".read {name}\n" for name in ORDER),
        README: ABOUT.format(
            name=scenario.settings.name, not_read=NOT_READ, steps="\n".join(steps), relations="\n".join(rows)
        ),
    }
    for name, text in {**held, **written}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def run_statements(folder: Path) -> "DuckDBPyConnection":
    """A database in which the statements of a folder were run, as its `verify.sql` does.

    Raises:
        VerificationError: a number is too long for the statements.
    """
    import duckdb

    database, here = _database(), str(folder).replace("'", "''")
    for name in ORDER:
        statements = (folder / name).read_text(encoding="utf-8")
        if name == LOAD:  # the shell runs in the folder, and we run elsewhere
            statements = statements.replace(f"FROM '{RELATIONS}/", f"FROM '{here}/{RELATIONS}/")
        try:
            database.execute(statements)
        except duckdb.OutOfRangeException as error:
            raise VerificationError([f"{name}: a number is too long for the statements: {error}"]) from error
    return database


def _database() -> "DuckDBPyConnection":
    import duckdb

    return duckdb.connect()


def _write_relation(relation: Relation, path: Path, database: "DuckDBPyConnection") -> None:
    casts = ", ".join(
        f"CAST({quoted(name)} AS {_stored(kind)}) AS {quoted(name)}" for name, (kind, _) in relation.columns.items()
    )
    database.register("held", relation.arrays)
    database.execute(f"COPY (SELECT {casts} FROM held) TO {literal(str(path))} (FORMAT parquet)")
    database.unregister("held")


def _stored(kind: str) -> str:
    """The type in a Parquet file, which has no integers of 128 bits."""
    return "DECIMAL(38, 0)" if kind == "HUGEINT" else kind


def _loaded(relation: Relation) -> str:
    columns = list(relation.columns.items())
    ends = ["," if n < len(columns) - 1 else "" for n in range(len(columns))]
    lines = [f"    {quoted(name)} {kind}{end} -- {doc}" for (name, (kind, doc)), end in zip(columns, ends, strict=True)]
    said, file = "\n".join(lines), f"'{RELATIONS}/{relation.name}.parquet'"
    return f"-- {relation.doc}\nCREATE TABLE {relation.name}(\n{said}\n);\nINSERT INTO {relation.name} FROM {file};\n"
