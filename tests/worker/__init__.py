"""The worker's own parts, against a real database."""
