"""Reports: their content is built once, and each format has a file of its own."""
