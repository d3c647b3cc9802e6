"""Time in an office: calendars, opening hours, zones, and limits that say which clock counts them."""
