"""Simulators of the three partners: real servers with a life, a memory and bad days of their own.

They stand in for the partners in demonstrations, tests and rehearsals. The service itself never imports them.
"""
