"""The functions that advice is asked for, as people have them: nothing in here knows concbench."""
