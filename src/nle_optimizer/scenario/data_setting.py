"""Which tables a scenario reads, from which files, and of what they are a sample."""

from typing import Any

from pydantic import Field, model_validator

from nle_optimizer.scenario.quantities import HeaderRow, Section, Share


class DataFile(Section):
    """A table: a CSV or XLSX file."""

    file: str
    """Path, relative to the scenario file."""
    sheet: str | None = None
    """Sheet of a workbook; the first if none is named."""
    encoding: str | None = None
    """utf-8, cp1252 or latin-1; found out where it is not given."""
    header: HeaderRow = "auto"
    """Row of the file that names the columns; `auto`: the first, or one of the first 20 that stands below notes."""
    columns: dict[str, str] = {}
    """Our column name: the file's column name."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value


class PairsFile(DataFile):
    """The pairs table."""

    only: bool = False
    """Whether the listed pairs are the only candidates."""


class Data(Section):
    """The tables of the scenario."""

    schools: DataFile
    """Schools, and trusts asked for as recipients."""
    nles: DataFile
    """National Leaders of Education."""
    trusts: DataFile | None = None
    """Multi-academy trusts."""
    pairs: PairsFile | None = None
    """What is known about single pairs; `only: true` makes the listed pairs the only candidates."""
    current: DataFile | None = None
    """What stands today; read by `replan` and by rules that keep pairs."""


class Sample(Section):
    """Of a scenario whose schools are a sample: which of them were all kept."""

    policies: list[str] = Field(min_length=1)
    """Policies under which every school that is eligible was kept; under any other, some are missing."""
    kept: Share
    """The share of the other schools that was kept."""
