"""Speed and accuracy, each against a named baseline in the same run."""
