"""How pressing is it? By what the words tell of, by what it means, and by what its service usually is: facts count, not capitals."""
