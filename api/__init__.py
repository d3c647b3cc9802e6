"""The doors: citizens, desks, departments, auditors and operations come in here; nothing is decided here."""
