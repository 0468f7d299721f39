"""Before the first sample: the function and its items, the reference, and state that the function keeps."""
