"""These tests need torch, which the default install is without: `make recipe` runs them."""

import importlib.util

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]
