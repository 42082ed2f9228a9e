"""Small pictures of big ones."""
