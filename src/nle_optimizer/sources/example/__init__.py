"""A small commented example to edit, as files or as one workbook."""
