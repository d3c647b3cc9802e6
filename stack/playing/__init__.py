"""What the demo plays: real arrivals, paired with the city's catalogue and places, and the people who answer them.

Everything goes through the service's own HTTP doors with ordinary keys; neither rules nor stories know of it.
"""
