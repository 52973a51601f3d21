"""What the import of England's extracts leaves on disk and prints."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_import_england import gias, import_into

from nle_optimizer.cli.source_commands import import_
from nle_optimizer.errors import RunFolderError
from nle_optimizer.sources.england.importer import EnglandFiles

# -- the folder ---------------------------------------------------------------------------------------------


def test_the_folder_is_refused_replaced_or_kept_whole(tmp_path: Path) -> None:
    files = EnglandFiles(gias(tmp_path, {"URN": 1}))
    out = tmp_path / "out"
    import_into(out, files)
    (out / "nles.csv").write_text("nle_id\nA\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match="--force"):
        import_into(out, files)
    import_into(out, files, force=True)
    assert (out / "nles.csv").read_text(encoding="utf-8") == "nle_id\nA\n"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunFolderError, match="did not write"):
        import_into(other, files, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gias.csv", "other", "out"]


def test_the_same_files_give_the_same_bytes_wherever_they_lie(tmp_path: Path) -> None:
    outs = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        import_into(tmp_path / name / "out", EnglandFiles(gias(tmp_path / name, {"URN": 2}, {"URN": 1})))
        outs.append({path.name: path.read_bytes() for path in (tmp_path / name / "out").iterdir()})
    assert outs[0] == outs[1]
    assert str(tmp_path).encode() not in b"".join(outs[0].values())


# -- the command --------------------------------------------------------------------------------------------


def test_the_command_prints_counts_and_what_to_type_next(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": 1}, {"URN": 2, "GOR (name)": ""})
    out = tmp_path / "out"
    result = CliRunner().invoke(import_, ["england", "--gias", str(schools), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "not-in-england" in result.output
    assert result.output.rstrip().endswith(f"nle-optimizer run {out / 'scenario.yaml'}")


def test_the_command_gives_one_json_document(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": 1})
    words = [
        "england",
        "--gias",
        str(schools),
        "--out",
        str(tmp_path / "out"),
        "--format",
        "json",
        "--as-of",
        "01/09/2022",
    ]
    document = json.loads(CliRunner().invoke(import_, words).stdout)
    assert document["schema_version"] == 1
    assert document["as_of"] == "2022-09-01"
    assert document["counts"]["in_scope"] == 1
    assert {key: document[key] for key in ("files", "findings")} == {
        key: json.loads((tmp_path / "out" / "import.json").read_text(encoding="utf-8"))[key]
        for key in ("files", "findings")
    }
