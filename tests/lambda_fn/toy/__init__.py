"""A task of three classes, its model, and a process that serves it with the real handler."""
