"""People's decisions on pairs."""
