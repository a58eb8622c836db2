"""What two messages have to do with each other: one need said twice, one cause that many people write of, or neither."""
