"""Accept each push exactly once, and commit what it causes together with its reply."""
