"""The server: HTTP in, actions on the socket out."""
