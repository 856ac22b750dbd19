//! What documents look at, and where.
