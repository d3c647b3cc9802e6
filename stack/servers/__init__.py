"""The programs of the embedded stack, the processes they run in, and the database they share."""
