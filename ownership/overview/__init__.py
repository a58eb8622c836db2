"""The matrix looked at: its own audit, its history, its drawing, and how far it is rolled out."""
