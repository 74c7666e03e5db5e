"""Who writes: local, remote and scripted teachers, their prompts and the reading of their replies."""
