"""C99 from a compiled program: its scheduled steps as plain loops, in statically planned memory."""
