"""`report`: the files that people look at, made again from a run folder; a copy that is fit to send."""

from pathlib import Path

import click

from nle_optimizer.cli.options import boundaries_option, force_option, outlines_of, print_findings


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--share", type=click.Path(path_type=Path), metavar="DIR", help="Write a copy fit to send into DIR.")
@click.option("--names", is_flag=True, help="With --share: show NLEs by name and where they are.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="With --share: the secret of pseudonyms.")
@boundaries_option
@force_option
def report(run: Path, share: Path | None, names: bool, key: Path | None, boundaries: Path | None, force: bool) -> None:
    """Make the page of a run folder again, or with --share a copy of it that names no NLE.

    Nothing is solved or verified. In a shared copy NLEs have pseudonyms, which stay the same as long as the secret
    does (RUN/share.key, made when it is first needed), and stand at the middle of their authority.
    """
    if share is None and (names or key):
        raise click.UsageError("--names and --key say how a copy is shared; give --share DIR too")
    from nle_optimizer.reports.for_people import files_for_people
    from nle_optimizer.reports.run_folder import replace_files
    from nle_optimizer.reports.view.reading import read_view

    view, findings = read_view(run)
    print_findings(findings)
    outlines = outlines_of(boundaries)
    if outlines:
        view = view.with_outlines(outlines)
    if share is None:
        kept = boundaries if outlines else None
        for file in replace_files(run, files_for_people(view, kept)):
            click.echo(file)
        return
    from nle_optimizer.reports.shared_copy import share_folder

    for file in share_folder(view, run, share, names=names, key=key, force=force):
        click.echo(file)
