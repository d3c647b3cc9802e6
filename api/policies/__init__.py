"""What is promised: policies in versions, open requests under another one, surges."""
