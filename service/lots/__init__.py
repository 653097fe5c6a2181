"""Lots of the warehouse: which fruit of a line belong to which, what became of them, decided again on demand."""
