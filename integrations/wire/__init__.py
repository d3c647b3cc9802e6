"""What goes over the wire, both ways: each partner's own paths, bodies and words, as its contract writes them."""
