"""Playbooks: checklists with owners, terms, dependencies and evidence; kept, run, and told to whom they are about."""
