//! All facts to what exists and what sees it.
//!
//! Owns: Python names linked across files, series exposed, recording rules chained, every reference bound to a
//! verdict. Neither parses nor reads source text, and words no messages for users.

pub mod exposure;
pub mod python;
