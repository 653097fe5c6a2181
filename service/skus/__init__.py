"""Versions of SKU tables and standards over HTTP: check, simulate, publish, roll back."""
