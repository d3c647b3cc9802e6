"""The yardstick: the product against a bare workflow with the same steps, in one run on the same server."""
