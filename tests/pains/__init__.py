"""What hurts the users of systems like this one, each as a test that would fail if it hurt here too.

The names carry the numbers of the list in ``test_whole_list``; each docstring says which failure is meant.
"""
