"""The work of the nodes, under the names of their declarations."""
