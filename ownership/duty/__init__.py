"""Who answers for a role now: turns of being on call, absence, ways to reach people."""
