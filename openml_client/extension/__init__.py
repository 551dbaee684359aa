"""The seam for frameworks: describing models, trusting descriptions, running folds."""
