"""One order for many requests: looked at first, given as a job, recorded for ever."""
