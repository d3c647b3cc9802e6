"""Neighbouring systems: one port, an adapter for each partner, and a simulator of each."""
