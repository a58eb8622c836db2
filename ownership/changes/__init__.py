"""Changes: records on their way from a source to each target, and two lists laid side by side."""
