"""The DAG, its configuration and the command line."""
