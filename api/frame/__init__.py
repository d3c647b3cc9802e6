"""What every door stands on: who comes in, what they may see, what comes in and how it is refused."""
