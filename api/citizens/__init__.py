"""What a citizen sees and does with a query code."""
