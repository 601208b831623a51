"""What the platform knows of the people, brought into the store."""
