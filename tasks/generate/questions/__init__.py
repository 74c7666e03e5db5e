"""What is asked: statements that can be answers, and how questions to them begin."""
