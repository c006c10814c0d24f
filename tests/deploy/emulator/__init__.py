"""ministack, an emulator of AWS in one process, and what this stack needs beyond it. It runs in .cache/emulator/."""
