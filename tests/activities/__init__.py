"""The activities, against a real database."""
