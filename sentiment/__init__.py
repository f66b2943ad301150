"""What a text means: language, sentiment, causes with their evidence."""
