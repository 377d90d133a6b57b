"""The work of the command line as functions: pairs run and stored, sweeps, placements, the contents of a board."""
