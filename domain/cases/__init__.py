"""Cases at partners: what is handed over, what a partner's messages mean and in which order they count, what falls due,
and what both sides know of it.
"""
