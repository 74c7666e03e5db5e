"""What became of every page, sentence and pair."""
