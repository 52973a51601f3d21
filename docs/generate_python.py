"""The reference page of the functions and classes of `nle_optimizer`, from their docstrings."""

import inspect
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import nle_optimizer
from nle_optimizer import errors
from nle_optimizer.tables import Answer, ResultTable

SECTION = re.compile(r"^(Args|Returns|Raises|Attributes):\n((?: .*\n|\n)+)", re.MULTILINE)
ENTRY = re.compile(r"^([\w, ]+): (.*)$")
MODULES = re.compile(r"nle_optimizer(?:\.\w+)+\.|pathlib\.|collections\.abc\.|datetime\.|typing\.")
"""What stands before the name of a class in a signature, and is left out."""
FIRST = ("load_scenario", "allocate", "run", "verify", "load_run")
"""What most people begin with; the others follow by name."""


def python_page(mark: str) -> str:
    """The text of the page."""
    names = [*FIRST, *(name for name in nle_optimizer.__all__ if name not in FIRST)]
    functions = [name for name in names if inspect.isfunction(getattr(nle_optimizer, name))]
    lines = ["# Python", mark, "", "How to begin: [use it from Python](../how-to/use-it-from-python.md).", ""]
    lines += [*_prose(str(inspect.getdoc(nle_optimizer))), "", "## Functions"]
    for name in functions:
        lines += ["", f"### {name}", *_function(getattr(nle_optimizer, name), name)]
    lines += ["", "## What they give back"]
    for kind in _kinds([getattr(nle_optimizer, name) for name in functions]):
        lines += ["", f"### {kind.__name__}", *_class(kind)]
    tree = str(errors.__doc__).partition("The tree::\n\n")[2].rstrip()
    lines += ["", "## Errors", "In `nle_optimizer.errors`; the number is the exit code of a command.", ""]
    lines += ["```text", *(line[4:] for line in tree.splitlines()), "```"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _kinds(functions: list[Any]) -> list[type]:
    """The classes that functions give back, and those that they are made of."""
    found = [nle_optimizer.Result, nle_optimizer.Scenario]
    for function in functions:
        name = str(inspect.signature(function).return_annotation)
        kind = getattr(inspect.getmodule(function), re.sub(r"<class '.*\.(\w+)'>", r"\1", name), None)
        found += [kind] if inspect.isclass(kind) and kind not in found else []
    return [*found, Answer, ResultTable]


def _function(function: Any, name: str) -> Iterator[str]:
    signature = re.sub(
        r"nle_optimizer(?:\.\w+)+\.|pathlib\.|collections\.abc\.|datetime\.|typing\.", "", _signature(function)
    )
    yield from ("```text", f"{name}{signature}", "```")
    yield from _described(function)


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    parts, star = [], False
    for each in signature.parameters.values():
        if each.name == "self":
            continue
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not star:
            parts, star = [*parts, "*"], True
        if each.kind is inspect.Parameter.VAR_POSITIONAL:
            star = True
        kind = each.annotation if isinstance(each.annotation, str) else inspect.formatannotation(each.annotation)
        default = "" if each.default is inspect.Parameter.empty else f" = {_default(each.default)}"
        mark = "*" if each.kind is inspect.Parameter.VAR_POSITIONAL else ""
        parts.append(f"{mark}{each.name}: {kind.strip(chr(39))}{default}")
    back = inspect.formatannotation(signature.return_annotation)
    return "(\n    " + ",\n    ".join(parts) + f",\n) -> {back}"


def _default(value: Any) -> str:
    return f"date({value:%Y, %-m, %-d})" if hasattr(value, "isoformat") else repr(value)


def _described(thing: Any) -> Iterator[str]:
    text = f"{inspect.getdoc(thing)}\n"
    yield from _prose(SECTION.sub("", text).strip())
    for title, body in SECTION.findall(text):
        yield from ("", f"**{title}**", "")
        told = inspect.cleandoc(body)
        yield from [told] if title == "Returns" else _entries(told)


def _prose(text: str) -> list[str]:
    """Paragraphs; lines that are set in are code."""
    told: list[str] = []
    for is_code, parts in groupby(text.split("\n\n"), lambda part: part.startswith("    ")):
        whole = "\n\n".join(parts)
        told += ["", *(["```text", *(line[4:] for line in whole.splitlines()), "```"] if is_code else [whole])]
    return told[1:]


def _entries(body: str) -> Iterator[str]:
    for line in body.splitlines():
        entry = ENTRY.match(line)
        names = ", ".join(f"`{name.strip()}`" for name in entry[1].split(",")) if entry else ""
        yield f"- {names}: {entry[2]}" if entry else line.strip() and f"  {line.strip()}"


def _class(kind: type) -> Iterator[str]:
    base = next((each.__name__ for each in kind.__mro__[1:] if each in (nle_optimizer.Result, Answer)), "")
    yield f"`{kind.__module__}.{kind.__name__}`" + (f", a {base}." if base else ".")
    yield ""
    yield from _described(kind)
    for name, member in vars(kind).items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if isinstance(member, property):
            yield from ("", f"#### {kind.__name__}.{name}", *_described(member))
        elif inspect.isfunction(member):
            yield from ("", f"#### {kind.__name__}.{name}", *_function(member, name))
