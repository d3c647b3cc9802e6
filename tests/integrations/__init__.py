"""The neighbouring systems: adapters, their wire, and the simulators, over real HTTP."""
