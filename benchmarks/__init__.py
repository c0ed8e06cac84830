"""The project's own benchmark: `make bench`. docs/performance.md says what is measured and has the last table."""
