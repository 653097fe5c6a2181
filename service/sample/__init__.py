"""The sample lots of a demo: simulated fruit over a line of their own, so that a newcomer sees the service alive."""
