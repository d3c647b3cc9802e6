"""The history of the schema. ``env.py`` runs it, ``versions/`` holds it; ``persistence.tables`` says where it leads."""
