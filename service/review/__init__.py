"""The review of fruit by people: evidence, queue, answers, export."""
