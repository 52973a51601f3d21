"""`report.html`: one file that opens without a network, made from templates and scripts in `assets`."""
