"""What each fact changes in a request's state, and which clocks it starts, stops and holds; one module a chapter."""
