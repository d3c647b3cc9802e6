"""The commands of ``huying``, a module for each, and what they show on a terminal."""
