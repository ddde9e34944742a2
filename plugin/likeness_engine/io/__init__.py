"""Plates in, plates out: the one border of file formats and colour spaces."""
