"""Governed exceptions (例外管控): what is asked for, under which terms, and where it can be decided."""
