"""The charts of the page, as SVG.

In: the report. Out: `<svg>` elements. Start with `drawn.py`.
"""
