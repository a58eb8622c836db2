"""The API for machines: open a ticket, read it, write in it. Its description stands at /api/schema, and as a page at /api/."""
