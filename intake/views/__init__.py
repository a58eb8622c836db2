"""Pages of people who ask: the front door, their own request, and finding it again."""
