"""What deserves a second look in the inputs: used, but perhaps not as its author meant it.

A finding warns and stops nothing; what cannot be used is an error. Findings stand on stderr (those of one code
together, the first three in full), in `summary.json` under `findings` (code, file, row or line, column or setting,
text), in every JSON output, on the page, in the workbook, and counted by code in `manifest.json`. Row numbers are
those of the file as it was read. A copy without names says what a code means, not what stood in the cell.
"""

FINDINGS = {
    "additions-drawn-from-all": "No available NLE meets the condition of `supply.add`, so all of them were drawn from.",
    "agreed-beyond-limit": "An agreed pair is beyond a limit that came or was narrowed later: it stays.",
    "blend-wrong-sign": "A blend rewards distance, travel time or cost, or charges for what is better great.",
    "cells-read-as": "Cells written otherwise than their column needs were read as what they plainly mean.",
    "column-not-used": "A column that nothing uses has a name like one that is read.",
    "column-unfilled": "A condition asks for a column that is blank in every row.",
    "costs-not-given": "Something counts cost, and every pair costs 0.",
    "coverage-of-nobody": "NLEs name a region, phase or faith that no school has, and do not work where it was meant.",
    "decision-over-table": "A newer table says otherwise than a decision of an earlier plan, which counts.",
    "decision-without-effect": "A decision of an earlier plan concerns somebody whom the tables of now do not have.",
    "eligibility-cannot-be-told": "A policy judges by a column that no school fills.",
    "filled-from-gias": "Blank cells were filled from GIAS by URN.",
    "hidden-columns": "Columns that the spreadsheet does not show were read like the others.",
    "hidden-rows": "Rows that the spreadsheet does not show were read like the others.",
    "hidden-sheet": "The sheet that was read is not shown in its workbook.",
    "home-school-unknown": "NLEs name home schools that the schools table does not have.",
    "identifier-nearly-meets": "An identifier differs only in case or leading zeros from another, which may be meant.",
    "identifier-respelled": "Identifiers are read without a trailing .0, full width, long dashes or space around them.",
    "inspections-swapped": "A previous inspection is later than the latest one.",
    "limit-of-no-region": "A distance limit names a region in which no school lies.",
    "limit-without-blanks": "A limit by a column does not count the rows that leave it blank.",
    "merged-cells": "Of merged cells only the first has the value; the others were read as blank.",
    "nobody-has-a-place": "Distances are asked for, and a table gives nobody a place.",
    "not-in-gias": "Rows have blank cells and a URN that the extract of GIAS does not have, so they stay blank.",
    "offer-of-no-resource": "An offer names something that is no resource of the scenario.",
    "one-place-each": "The NLE table has no `placements`, so every NLE takes one school.",
    "other-separator": "The columns of a CSV file are separated by something else than commas.",
    "pair-of-nobody": "A row of the current table names an identifier that its table does not have.",
    "pair-of-school-elsewhere": "A pair of a school in no table is pinned or has ended, and counts against its NLE.",
    "place-at-nought": "Places at 0, 0 are read as blank.",
    "place-far-from-region": "Places lie far outside the region that their row gives.",
    "place-in-kilometres": "Several places have coordinates so small that they are hardly metres.",
    "priority-without-effect": "Priorities are given, and no objective, limit or rule uses them.",
    "ranks-in-part": "Somebody ranks some candidates only, and the rule takes all others as unacceptable.",
    "rounded": "Cells with more than six decimal places were rounded to a millionth.",
    "rows-above-header": "The header is not the first row, and what stands above it was left aside.",
    "sample-of-another-policy": "The schools are a sample that was drawn for another policy than judges them.",
    "value-in-no-row": "A condition asks for a value that stands in no row.",
    "word-for-nothing": "Cells hold words that mean nothing, such as N/A, and are read as blank.",
}
"""The meaning of each code, in one sentence."""
