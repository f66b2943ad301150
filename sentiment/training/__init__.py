"""The recipe that made the shipped model: `python -m sentiment.training all --data … --work …`."""
