"""A request told naively: one minute after the other, with dictionaries, by somebody who never saw the real rules.

Slow and plain on purpose: what this says and what the rules say must be the same. Minutes count from a Monday 00:00
local time; a leg, a clock and an application are dictionaries.
"""
