"""The call: registering it, what is looked for before it is written down, what it is promised, who called."""
