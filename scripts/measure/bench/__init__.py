"""`make bench`: this machine in, docs/benchmark.md and docs/benchmark.png out.

The service is measured beside the least work that its answers take (the floor) and beside peers that do the same with
other tools, in one run, on the same bytes, in rounds that take turns, so that what disturbs one disturbs all.
"""
