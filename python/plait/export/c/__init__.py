"""C99 from a compiled program: the steps that the passes leave, in the memory that they planned, as plain loops."""
