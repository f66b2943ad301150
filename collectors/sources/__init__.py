"""One file a source; a file put here is found by the registry."""
