"""The figures of the scoreboard, a module for each kind of trouble."""
