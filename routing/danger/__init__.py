"""May a person be in danger? Words that say so (`crisis`), and all else that sounds like it (`hearing`)."""
