"""A case at a partner, as its own story knows it: what the partner's messages mean, in which order they count, and what
falls due.
"""
