"""Everything that is kept in PostgreSQL: tables, timeline, projections, and the queries that read them."""
