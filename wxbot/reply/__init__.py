"""What to answer: the bot's handlers, the rules file, and the time they may take."""
