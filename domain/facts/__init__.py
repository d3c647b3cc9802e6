"""Facts, one module a chapter: records in the past tense of what happened to a request."""
