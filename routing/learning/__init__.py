"""One learned engine: texts with labels in, a model of arrays out; it says how likely each label is, and whether it is any of them."""
