"""The chapters of a request's life: each says, for the acts it knows, which facts follow or why not.

A chapter is asked by :func:`domain.lifecycle.decide` with the state, the act, its author and the instant.
"""
