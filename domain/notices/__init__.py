"""Who is told what, and once."""
