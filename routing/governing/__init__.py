"""How far triage may go by itself, how well it did where people had the last word, and which version of it is in use."""
