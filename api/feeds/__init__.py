"""What screens and units are told as it happens."""
