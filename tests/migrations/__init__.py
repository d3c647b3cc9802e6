"""The schema's history, against a real server."""
