"""Chat and routing on the artifacts of a finished run."""
