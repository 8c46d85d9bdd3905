"""The mall as shoppers see it: see README.md."""
