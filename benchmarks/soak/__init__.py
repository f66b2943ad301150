"""A simulated month of failing sources, after which nothing may be lost, doubled or miscounted."""
