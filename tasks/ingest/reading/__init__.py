"""Documents of every format to lines on pages, each file in a limited process of its own.

In: a folder. Out: page files, or a reason for each unreadable one. Start with `library.py`.
"""
