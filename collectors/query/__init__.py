"""The brand query language: grammar, word forms, matching."""
