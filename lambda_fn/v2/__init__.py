"""The Open Inference Protocol V2, as KServe and Triton clients speak it."""
