"""What a requester sees and does on the pages of their own requests."""
