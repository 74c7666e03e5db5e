"""What is kept of all pairs of a domain: each thing once, nothing on two sides."""
