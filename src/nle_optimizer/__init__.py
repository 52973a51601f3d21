"""Matches schools and trusts with National Leaders of Education: exact, proved, explained."""
