"""Asking for an exception, deciding it, and what each kind brings about."""
