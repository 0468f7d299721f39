"""Records of measurements: raw figures only, frozen and versioned; ratios and verdicts are derived on reading."""
