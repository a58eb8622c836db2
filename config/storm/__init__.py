"""A storm at the doors: everything comes at once, and the processes that should take it in are killed. `manage.py storm`."""
