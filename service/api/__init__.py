"""Thin routes: read the request, call one thing, answer."""
