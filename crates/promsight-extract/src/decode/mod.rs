//! Decoders that keep, for every byte they decode, the place it came from.

pub mod base64;
pub mod hcl;
pub mod json;
pub mod markdown;
pub mod template;
pub mod tree;
pub mod yaml;
