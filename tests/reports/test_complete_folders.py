"""A folder appears complete or not at all, and replaces nothing but an earlier one of its kind."""

import errno
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nle_optimizer.errors import FilesKept, RunFolderError
from nle_optimizer.files import create_file, replace_file
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing
from support.faults import every_failure

OURS = FolderKind("trial", edited_stay=frozenset({"settings"}))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "run"


def write(target: Path, content: str, *, force: bool = False) -> None:
    with complete_folder(target, OURS, force=force) as folder:
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
    assert names(target) == ["file", "manifest.json"]
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
    assert names(target) == ["file", "manifest.json", "minutes", "notes.txt"]
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


def test_what_was_written_into_a_file_of_ours_is_kept_beside_the_new_one(target: Path) -> None:
    write(target, "old")
    (target / "file").write_text("decisions", encoding="utf-8")
    with pytest.warns(FilesKept, match=r"run/file: it is not as we wrote it, so it was kept as file\.kept$"):
        write(target, "new", force=True)
    (target / "file").write_text("more decisions", encoding="utf-8")
    with pytest.warns(FilesKept, match=r"kept as file\.kept-2$"):
        write(target, "newer", force=True)
    texts = {name: (target / name).read_text(encoding="utf-8") for name in ("file", "file.kept", "file.kept-2")}
    assert texts == {"file": "newer", "file.kept": "decisions", "file.kept-2": "more decisions"}


def test_a_file_that_is_meant_to_be_changed_stays_and_the_new_one_lies_beside_it(target: Path) -> None:
    for content in ("old", "edited", "new", "newer"):
        if content == "edited":
            (target / "settings").write_text(content, encoding="utf-8")
            continue
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with complete_folder(target, OURS, force=True) as folder:
                (folder / "settings").write_text(content, encoding="utf-8")
        stays = "run/settings: it is not as we wrote it, so it stays, and the new one is settings.new"
        assert [str(warning.message).endswith(stays) for warning in said] == [True] * (content in ("new", "newer"))
        if content == "new":
            told = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
            assert list(told["outputs"]) == ["settings.new"]
    assert names(target) == ["manifest.json", "settings", "settings.new"]
    assert (target / "settings").read_text(encoding="utf-8") == "edited"
    assert (target / "settings.new").read_text(encoding="utf-8") == "newer"


def test_a_file_of_ours_that_nobody_changed_goes_when_the_new_folder_has_none(target: Path) -> None:
    with complete_folder(target, OURS, force=False) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "more").write_text("old", encoding="utf-8")
    write(target, "new", force=True)
    assert names(target) == ["file", "manifest.json"]


def test_links_and_pipes_of_others_are_kept_as_they_are_and_nothing_is_followed(target: Path, tmp_path: Path) -> None:
    write(target, "old")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").write_text("mine", encoding="utf-8")
    (target / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (target / "nowhere").symlink_to("gone")
    os.mkfifo(target / "pipe")
    write(target, "new", force=True)
    assert (target / "link").readlink() == tmp_path / "elsewhere"
    assert (target / "nowhere").is_symlink() and (target / "pipe").is_fifo()
    assert (tmp_path / "elsewhere" / "precious").read_text(encoding="utf-8") == "mine"


def test_a_folder_behind_a_link_is_replaced_where_it_lies(target: Path, tmp_path: Path) -> None:
    write(tmp_path / "real", "old")
    target.symlink_to(tmp_path / "real")
    write(target, "new", force=True)
    assert target.is_symlink() and content(tmp_path / "real") == "new"
    assert names(tmp_path) == ["real", "run"]


@pytest.mark.parametrize("manifest", ["{}", "[]", "5", '{"outputs": {"file": 5}}', "[" * 100_000, '{"kind": "trial"}'])
def test_a_manifest_alone_makes_no_folder_ours(target: Path, manifest: str) -> None:
    target.mkdir()
    (target / "manifest.json").write_text(manifest, encoding="utf-8")
    (target / "file").write_text("mine", encoding="utf-8")
    assert "holds what we did not write" in refused(target, force=True)
    assert content(target) == "mine"


def test_a_folder_of_another_kind_is_never_replaced(target: Path) -> None:
    write(target, "old")
    with pytest.raises(RunFolderError, match="it exists already, and is a folder of trial"):
        refuse_existing(target, FolderKind("run"), force=True)


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_appears_meanwhile_is_left_and_the_work_is_not_lost(target: Path, force: bool) -> None:
    with (
        pytest.raises(RunFolderError, match=r"it appeared while this was worked out.*the new folder is .*run\.new"),
        complete_folder(target, OURS, force=force) as folder,
    ):
        (folder / "file").write_text("new", encoding="utf-8")
        target.mkdir()
        (target / "precious").write_text("mine", encoding="utf-8")
    assert (target / "precious").read_text(encoding="utf-8") == "mine"
    assert content(target.with_name("run.new")) == "new"
    assert names(target.parent) == ["run", "run.new"]


def test_a_file_that_appears_meanwhile_is_left_too(target: Path) -> None:
    with pytest.raises(RunFolderError, match="appeared"), complete_folder(target, OURS, force=True):
        target.write_text("mine", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "mine"


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


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is such."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


def test_after_every_failing_operation_a_folder_is_old_or_new_and_the_next_command_works(quick_path: Path) -> None:
    with pytest.warns(FilesKept):
        operations, wrong = every_failure(quick_path / "scene", (errno.ENOSPC, errno.EACCES, errno.EIO))
    assert operations > 80
    assert wrong == []


def test_killed_at_any_operation_nothing_is_lost_and_the_next_command_works(quick_path: Path) -> None:
    command = [sys.executable, "-m", "support.faults", str(quick_path / "scene")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    operations, wrong = json.loads(ended.stdout)
    assert operations > 80
    assert wrong == []


def test_what_a_killed_process_left_is_brought_back_only_where_the_process_is_gone(target: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write(target, "old")
    target.rename(target.with_name(f".run.replaced-{os.getppid()}"))
    assert refuse_existing(target, OURS, force=True) is None
    assert not target.exists()
    target.with_name(f".run.replaced-{os.getppid()}").rename(target.with_name(f".run.replaced-{gone.pid}"))
    target.with_name(f".run.partial-{gone.pid}").mkdir()
    target.with_name(f".other.partial-{gone.pid}").mkdir()
    with pytest.warns(FilesKept, match="the earlier one was brought back"):
        refuse_existing(target, OURS, force=True)
    assert content(target) == "old"
    assert names(target.parent) == [f".other.partial-{gone.pid}", "run"]


def test_an_earlier_folder_with_what_its_successor_lacks_is_left_and_named(target: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write(target, "old")
    (target / "notes.txt").write_text("mine", encoding="utf-8")
    earlier = target.rename(target.with_name(f".run.replaced-{gone.pid}"))
    write(target, "new")
    with pytest.warns(FilesKept, match="it holds files that .* does not; move them, and remove it"):
        refuse_existing(target, OURS, force=True)
    assert (earlier / "notes.txt").read_text(encoding="utf-8") == "mine"
    (target / "notes.txt").write_text("mine", encoding="utf-8")
    refuse_existing(target, OURS, force=True)
    assert names(target.parent) == ["run"]


@pytest.mark.parametrize("name", ["CON", "nul.txt", "com1", "run.", "run ", "a:b", "what?", "x|y", "n" * 300])
def test_a_name_that_some_system_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    assert "choose another --out" in refused(tmp_path / name)
    assert "choose another --out" in refused(tmp_path / name / "run")
    assert names(tmp_path) == []


def test_a_new_file_takes_nobodys_place_and_a_replaced_one_is_whole(tmp_path: Path) -> None:
    create_file(tmp_path / "file", b"one")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    replace_file(tmp_path / "file", b"three")
    assert (tmp_path / "file").read_bytes() == b"three"
    assert names(tmp_path) == ["file"]
