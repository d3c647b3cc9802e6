"""Governed exceptions: asking for one, and deciding it."""
