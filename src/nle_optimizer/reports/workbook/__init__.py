"""`workbook.xlsx`: a run as a planner reads it in a spreadsheet, with a sheet to write decisions on."""
