"""Records of measurements: raw figures only, frozen and versioned; means, ratios and verdicts are derived on reading."""
