"""What the person at the keyboard is told when the stack cannot do what was asked."""


class StackProblem(Exception):
    """One clear sentence for a person, printed without a traceback; the command then ends with code 2."""
