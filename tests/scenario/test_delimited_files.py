"""CSV in and out: encodings, quoting, and cells that a spreadsheet would run as a formula."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nle_optimizer.delimited import decode, defuse, read_rows, restore, write_columns, write_rows
from support.scenarios import refusal

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FORMULA_LIKE = st.text(st.sampled_from("=+-@\t\r'\"1e.,\n a"), max_size=6)


def is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?", text) is not None and any(map(str.isdigit, text))


@given(TEXT | FORMULA_LIKE)
def test_what_was_defused_is_restored_to_the_letter(text: str) -> None:
    assert restore(defuse(text)) == text


@given(TEXT | FORMULA_LIKE)
def test_a_defused_cell_begins_like_no_formula_unless_it_is_a_number(text: str) -> None:
    cell = defuse(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or is_number(cell)


@pytest.mark.parametrize("text", ["-5", "+3.5", "-1e-05", "-0.000001"])
def test_a_number_keeps_its_sign(text: str) -> None:
    assert defuse(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "-",
        "'=1",
        "''@x",
        "+nan",
        "-inf",
        "-1_0",
        "-٣",
    ],
)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert defuse(text) == "'" + text


@pytest.mark.parametrize("text", ["St John's", "'", "''", "'Ash' School", ""])
def test_an_apostrophe_that_guards_nothing_stays_as_it_is(text: str) -> None:
    assert defuse(text) == restore(text) == text


@given(st.lists(st.lists(TEXT | FORMULA_LIKE, min_size=2, max_size=2), min_size=1, max_size=5))
def test_rows_that_are_written_are_read_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    write_columns(path, {"a": [row[0] for row in rows], "b": [row[1] for row in rows]})
    assert [[restore(cell) for cell in row] for row in read_rows(path)[1:]] == rows


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=3))
def test_lines_end_with_a_line_feed_alone(rows: list[list[str]]) -> None:
    file = io.StringIO()
    write_rows(file, ["a", "b", "c"], [[cell.replace("\r", "") for cell in row] for row in rows])
    assert "\r" not in file.getvalue()
    assert file.getvalue().endswith("\n")


def file(folder: Path, data: bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("data", ["school_id\nà Becket – €".encode(), "\ufeffschool_id\nà Becket – €".encode()])
def test_utf_8_is_read_with_or_without_its_mark(tmp_path: Path, data: bytes) -> None:
    assert read_rows(file(tmp_path, data)) == [["school_id"], ["à Becket – €"]]


def test_what_is_not_utf_8_is_read_as_cp1252(tmp_path: Path) -> None:
    assert read_rows(file(tmp_path, "à Becket – €".encode("cp1252"))) == [["à Becket – €"]]


@pytest.mark.parametrize("name", ["utf-8", "UTF-8", "utf8", "cp1252", "windows-1252", "latin-1", "ISO-8859-1"])
def test_an_encoding_may_be_named(tmp_path: Path, name: str) -> None:
    assert read_rows(file(tmp_path, b"abc"), name) == [["abc"]]


def test_a_named_encoding_beats_guessing(tmp_path: Path) -> None:
    assert read_rows(file(tmp_path, b"\x80"), "latin-1") == [["\x80"]]
    assert read_rows(file(tmp_path, b"\x80"), "cp1252") == [["€"]]


@pytest.mark.parametrize(
    "name",
    ["utf-16", "ascii", "idna", "punycode", "undefined", "rot13", "hex", "unicode_escape", "", "a\0b"],
)
def test_any_other_encoding_is_refused(tmp_path: Path, name: str) -> None:
    assert "use one of utf-8, cp1252, latin-1" in refusal(read_rows, file(tmp_path, b"abc"), name)


@pytest.mark.parametrize(
    ("data", "encoding", "said"),
    [
        ("a,b\n1,2".encode("utf-16"), None, "t.csv:1: the file is UTF-16; save it as CSV UTF-8"),
        ("a,b\n1,2".encode("utf-16-le"), None, "t.csv:1: the file is not text (it holds a zero byte)"),
        (b"a\nb\n\x81", None, "t.csv:3: the file is not cp1252: byte 0x81"),
        (b"a\n\xff", "utf-8", "t.csv:2: the file is not utf-8: byte 0xff"),
        (b"PK\x03\x04\0\0", None, "the file is not text"),
        (b'a,b\n"1,2', None, "t.csv:2: the file is not valid CSV"),
        (b'a,b\n"1"x,2', None, "t.csv:2: the file is not valid CSV"),
        (b"a" * 1_000_001, None, "the file is not valid CSV"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_at_its_line(
    tmp_path: Path, data: bytes, encoding: str | None, said: str
) -> None:
    assert said in refusal(read_rows, file(tmp_path, data), encoding)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(tmp_path: Path, ending: str) -> None:
    assert read_rows(file(tmp_path, f"a,b{ending}1,2{ending}".encode())) == [["a", "b"], ["1", "2"]]


def test_a_quoted_cell_may_hold_commas_quotes_and_lines(tmp_path: Path) -> None:
    assert read_rows(file(tmp_path, b'"a,""b""\nc",d')) == [['a,"b"\nc', "d"]]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "the file cannot be read: No such file" in refusal(read_rows, tmp_path / "nowhere.csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "the file cannot be read" in refusal(read_rows, tmp_path)


@given(st.binary())
def test_any_bytes_are_text_or_an_error_in_words(data: bytes) -> None:
    from nle_optimizer.errors import InputError

    try:
        assert isinstance(decode(Path("x.csv"), data), str)
    except InputError as error:
        assert error.problems
