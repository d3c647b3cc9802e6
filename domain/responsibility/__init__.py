"""Who answers: by category and place to a unit on every level, who is passed over, and who supervises from above."""
