"""A sorting line: frames of turning fruit in, one decision per fruit out, before the fruit reaches its outlet."""
