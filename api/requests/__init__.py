"""A request: the board, the acts of its life, its legs, its cases with partners, its field tasks."""
