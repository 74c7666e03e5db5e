"""The tables of the page and the terminal.

In: the report. Out: tables as HTML, Markdown or rich. Start with `table.py`.
"""
