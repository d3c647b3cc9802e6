"""A whistle from its call to its ratings: who calls, who comes, what is planned, and what it comes to."""
