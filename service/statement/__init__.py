"""The grower statement: what a lot was, class by class, why, and what it is worth."""
