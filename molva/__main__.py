"""`python -m molva`, the same as `molva`."""

from molva.cli import main

main()
