"""What stands around a question to a model of somebody else's: where it goes, what it may cost, what of a text may leave.

`knowledge.llm` asks; nothing here speaks to anybody.
"""
