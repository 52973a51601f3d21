"""`doctor`: versions, engines, a self-test."""

import click

from nle_optimizer.cli.options import format_option, print_json, say

PACKAGES = ("nle-optimizer", "ortools", "numpy", "scipy", "pydantic", "ruamel.yaml", "openpyxl", "click")


@click.command()
@format_option
def doctor(form: str) -> None:
    """Show versions and engines, and solve and verify a small synthetic scenario."""
    import platform
    from importlib.metadata import version

    from nle_optimizer.engines.registry import ENGINES, engine_named

    versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    engines = {name: engine_named(name).summary for name in ENGINES}
    wrong = _self_test()
    if form == "json":
        print_json({"schema_version": 1, "versions": versions, "engines": engines, "self_test": wrong or "passed"})
    else:
        for name, text in versions.items():
            say(f"{name:16} {text}")
        for name, text in engines.items():
            say(f"engine {name}: {text}")
        say(f"self-test: {'; '.join(wrong) or 'passed'}")
    if wrong:
        raise click.exceptions.Exit(1)


def _self_test() -> list[str]:
    """Solve the example of `init` and verify it; what is wrong, if anything."""
    import tempfile
    from pathlib import Path

    from nle_optimizer import allocate, load_scenario, verify
    from nle_optimizer.sources.example.writing import write_example

    with tempfile.TemporaryDirectory() as folder:
        write_example(Path(folder) / "example")
        result = allocate(load_scenario(Path(folder) / "example" / "scenario.yaml"))
        return verify(result)
