"""What results mean: evidence from the raw figures, rules over the evidence, and words for both."""
