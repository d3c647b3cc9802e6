"""The rules of Huying: pure functions and frozen values, standard library only, no clock, no chance, no I/O."""
