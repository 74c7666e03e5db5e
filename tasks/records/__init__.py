"""What stages hand on and measure: one typed model each, with one writer and one reader.

In: values or files. Out: frozen, validated records. Start with `files.py`; then the record that you look for.
"""
