"""What is kept in PostgreSQL, against a real server."""
