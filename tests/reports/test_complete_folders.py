"""A folder appears complete or not at all, and replaces nothing but an earlier one of its kind."""

import errno
from pathlib import Path

import pytest

from nle_optimizer.errors import RunFolderError
from nle_optimizer.folders import Signature, complete_folder

OURS = Signature("mark", lambda folder: {"mark", *(folder / "mark").read_text(encoding="utf-8").split()})


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "run"


def write(target: Path, content: str, *, force: bool = False) -> None:
    with complete_folder(target, OURS, force=force) as folder:
        (folder / "mark").write_text("file", encoding="utf-8")
        (folder / "file").write_text(content, encoding="utf-8")


def refused(target: Path, *, force: bool = False) -> str:
    with pytest.raises(RunFolderError) as caught:
        write(target, "new", force=force)
    return str(caught.value)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(target: Path) -> str:
    return (target / "file").read_text(encoding="utf-8")


def test_the_folder_is_there_with_all_that_was_written(target: Path) -> None:
    write(target, "new")
    assert names(target) == ["file", "mark"]
    assert names(target.parent) == ["run"]


def test_the_folder_is_not_there_while_it_is_written(target: Path) -> None:
    with complete_folder(target, OURS, force=False) as folder:
        assert not target.exists()
        assert folder.parent == target.parent


def test_folders_around_it_are_made(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "run", "new")
    assert content(tmp_path / "a" / "b" / "run") == "new"


def test_an_empty_folder_is_filled(target: Path) -> None:
    target.mkdir()
    write(target, "new")
    assert content(target) == "new"


def test_an_earlier_folder_is_refused_and_untouched_without_force(target: Path) -> None:
    write(target, "old")
    assert "it exists already; choose another --out, or give --force to replace it" in refused(target)
    assert content(target) == "old"
    assert names(target.parent) == ["run"]


def test_an_earlier_folder_is_replaced_with_force(target: Path) -> None:
    write(target, "old")
    write(target, "new", force=True)
    assert content(target) == "new"
    assert names(target.parent) == ["run"]


def test_force_keeps_what_somebody_else_put_there(target: Path) -> None:
    write(target, "old")
    (target / "notes.txt").write_text("mine", encoding="utf-8")
    (target / "minutes").mkdir()
    (target / "minutes" / "may.txt").write_text("mine too", encoding="utf-8")
    write(target, "new", force=True)
    assert names(target) == ["file", "mark", "minutes", "notes.txt"]
    assert (target / "minutes" / "may.txt").read_text(encoding="utf-8") == "mine too"
    assert content(target) == "new"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_something_else_is_never_replaced(target: Path, force: bool) -> None:
    target.mkdir()
    (target / "precious.txt").write_text("mine", encoding="utf-8")
    assert "it exists already" in refused(target, force=force)
    assert names(target) == ["precious.txt"]


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_never_replaced(target: Path, force: bool) -> None:
    target.write_text("mine", encoding="utf-8")
    assert "it exists already" in refused(target, force=force)
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError, SystemExit])
@pytest.mark.parametrize("force", [False, True])
def test_whatever_goes_wrong_nothing_is_left_and_the_old_one_stays(
    target: Path, fault: type[BaseException], force: bool
) -> None:
    if force:
        write(target, "old")
    with pytest.raises(fault), complete_folder(target, OURS, force=force) as folder:
        (folder / "file").write_text("half", encoding="utf-8")
        raise fault
    assert names(target.parent) == (["run"] if force else [])
    assert not force or content(target) == "old"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_a_file_is_named_and_nothing_is_left(target: Path, code: int) -> None:
    with pytest.raises(RunFolderError) as caught, complete_folder(target, OURS, force=False) as folder:
        (folder / "file").write_text("half", encoding="utf-8")
        raise OSError(code, "the disk refuses")
    assert str(caught.value) == f"{target}: the folder cannot be written: the disk refuses"
    assert names(target.parent) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_a_folder_is_named(target: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, "the disk refuses")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert "the folder cannot be written: the disk refuses" in refused(target)


def test_an_interrupt_between_old_and_new_brings_the_old_one_back(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(target, "old")
    rename = Path.rename

    def fail(path: Path, other: Path) -> Path:
        if ".partial-" in path.name:
            raise KeyboardInterrupt
        return rename(path, other)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        write(target, "new", force=True)
    assert content(target) == "old"
    assert names(target.parent) == ["run"]


def test_a_folder_named_from_within_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("run"), "new")
    assert content(tmp_path / "run") == "new"


def test_where_something_is_in_the_way_the_disk_is_blamed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "the folder cannot be written" in refused(tmp_path / "file" / "run")
