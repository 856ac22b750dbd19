//! Scripts that send queries.
