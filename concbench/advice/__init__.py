"""What the figures of `concbench.analysis` mean, in words."""
