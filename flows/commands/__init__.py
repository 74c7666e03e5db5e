"""The command line, by what its commands are for.

In: arguments. Out: tables, JSON and exit codes. Start with `session.py`, which every command shares.
"""
