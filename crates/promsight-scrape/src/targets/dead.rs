//! Targets that cannot exist.
use crate::servers::{Job, Server, Tree};

pub(crate) fn mark(_tree: &Tree<'_>, _server: &Server, _jobs: &mut [Job]) {}
