//! Kustomizations as kustomize v5 builds them.
//!
//! Owns: what `kustomize build` makes of a folder, over [`Value`](promsight_model::manifest::Value)s that keep their
//! places. What the real program refuses is modelled as far as it goes, and said. It reads no file and runs no plugin:
//! what lies on other hosts, and what programs would generate, is unknown.
//!
//! Data flows one way through [`build`]: resources and bases are accumulated, generators add to them, components and
//! transformers change them, and last names are followed, for all of the result at once.

mod build;
mod digest;
pub(crate) mod edit;
mod fields;
mod generators;
mod json_patch;
mod kustomization;
mod merge;
mod merge_keys;
mod order;
mod patches;
mod plugins;
mod problems;
mod references;
mod replacements;
mod resource;
mod selectors;
mod transform;
mod tree;
mod variables;

pub(crate) use build::Builder;
pub(crate) use kustomization::Kustomization;
pub(crate) use tree::{Tree, folder_of, join};
