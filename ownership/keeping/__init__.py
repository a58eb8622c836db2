"""The matrix as a district keeps it: by pages and by files."""
