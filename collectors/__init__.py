"""Where mentions come from: sources, the polite HTTP client, the brand query language."""
