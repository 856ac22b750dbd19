//! Names held by metric constructors of languages that are not read in full.
