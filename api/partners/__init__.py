"""The neighbouring systems: what they call back, and what the command centre sees and does about them."""
