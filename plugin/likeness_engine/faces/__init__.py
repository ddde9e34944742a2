"""Pure maths of faces: arrays in, arrays out."""
