"""Cameras that the service opens itself: what they see becomes the same messages that a client would send."""
