"""The report of a run: report.json with a versioned schema, report.html made from it, and tables."""
