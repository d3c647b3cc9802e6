"""The story of one request, durable: accept, assign, wait, escalate, close."""
