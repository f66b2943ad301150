import pytest

from sentiment.encoder import Encoder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The shipped model, loaded once a test process."""
    return Encoder.load(threads=2)
