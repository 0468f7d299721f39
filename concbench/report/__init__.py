"""How results are shown: rows and columns once, then one file for each format."""
