"""Export a router to files that a phone can run, and prove that they say the same."""
