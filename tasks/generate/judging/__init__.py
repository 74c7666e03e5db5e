"""What each pair is checked for against its own passage."""
