"""The figures of `concbench.analysis` in words: answers, findings and recommendations."""
