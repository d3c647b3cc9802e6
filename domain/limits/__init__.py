"""What a request is promised, and what became of it: policies, the clocks they start, why a deadline is where it is."""
