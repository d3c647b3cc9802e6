"""Whistles: who may be called for what, calling, coming, planning, rating."""
