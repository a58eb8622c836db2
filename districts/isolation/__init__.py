"""Is the wall between districts whole? Asked of the database itself, as the role the application uses.

`catalog` reads what is declared (policies, keys, grants); `trials` tries to get across. Both return holes: what, and where.
"""
