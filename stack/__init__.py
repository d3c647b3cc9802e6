"""The embedded stack (a real Temporal server, a real PostgreSQL, worker and API) and the `huying` command line."""
