"""Figures derived from the raw results of a table: numbers only, no sentences. The measuring loop uses them as well."""
