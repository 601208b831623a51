"""What is measured: one application for gunicorn each."""
