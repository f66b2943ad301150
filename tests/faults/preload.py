"""Imported once by the fork server, so that each of its children has a model at once."""

from tests.faults.worker import labeller

labeller()
