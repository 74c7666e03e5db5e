"""Routing: read a router and ask it. The kernel's half; `tasks.route` trains what is asked here."""
