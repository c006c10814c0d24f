"""`make bench`: measures the service, and writes docs/benchmark.md and docs/benchmark.png.

The service is compared with the least work that its answers take (the floor) and with peers, which do the same with
other tools. All run at one time, on the same bytes, in rounds in which they take turns, so that a disturbance
affects all of them.
"""
