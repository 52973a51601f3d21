"""`report`: the files that people look at, made again from a run folder; a copy that is fit to send."""

from pathlib import Path

import click

from nle_optimizer.cli.options import boundaries_option, force_option, outlines_of, say, warn


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--share", type=click.Path(path_type=Path), metavar="DIR", help="Write a copy fit to send into DIR.")
@click.option("--names", is_flag=True, help="With --share: show NLEs by name and where they are.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="With --share: the secret of pseudonyms.")
@click.option("--images", "pictures", is_flag=True, help="Write every chart as SVG and PNG too, into images/.")
@click.option("--record", "logs", is_flag=True, help="Write the record of the decision too, into record/.")
@boundaries_option
@force_option
def report(
    run: Path,
    share: Path | None,
    names: bool,
    key: Path | None,
    pictures: bool,
    logs: bool,
    boundaries: Path | None,
    force: bool,
) -> None:
    """Make the page, workbook and map of a run folder again, or with --share a copy that names no NLE.

    --images writes the charts for slides. --record writes logs of assumptions, data and decisions, a statement of how
    the result was verified, and a draft of the algorithmic transparency record, with blanks for people to fill.

    What people wrote in the workbook or the record stays, unless --force is given; a file that is replaced and is not
    as it was made is kept beside the new one, as workbook.kept.xlsx.

    Nothing is solved or verified. In a shared copy NLEs have pseudonyms, which stay the same as long as the secret
    does (RUN/share.key, made when it is first needed), and stand at the middle of their authority.
    """
    if share is None and (names or key):
        raise click.UsageError("--names and --key say how a copy is shared; give --share DIR too")
    from nle_optimizer.folders import MANIFEST
    from nle_optimizer.reports.for_people import files_for_people
    from nle_optimizer.reports.further import Wanted
    from nle_optimizer.reports.replacing import replace_files
    from nle_optimizer.reports.run_folder import read_json
    from nle_optimizer.reports.view.reading import read_view

    view, findings = read_view(run)
    warn(findings)
    outlines = outlines_of(boundaries)
    if outlines:
        view = view.with_outlines(outlines)
    wanted = Wanted(read_json(run / MANIFEST), images=pictures, record=logs)
    if share is None:
        made = {**files_for_people(view, boundaries if outlines else None), **wanted.files(view)}
        for file in replace_files(run, made, force=force):
            say(str(file))
        return
    from nle_optimizer.reports.shared_copy import share_folder

    for file in share_folder(view, run, share, wanted, names=names, key=key, force=force):
        say(str(file))
