"""Inference: nets that run on the CPU or on CUDA, by a rule that is stated and never bent."""
