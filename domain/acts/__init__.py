"""Acts, one module a chapter: records in the imperative of what may be asked of a request."""
