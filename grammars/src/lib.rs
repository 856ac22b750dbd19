//! Language knowledge as data: instrumentation libraries (`libraries/*.yaml`) and exporter catalogues
//! (`catalogue/*.yaml`). Contains no logic beyond `include_str!`.

/// Instrumentation libraries: file name and YAML text.
pub const LIBRARIES: &[(&str, &str)] = &[];

/// Exporter catalogues: file name and YAML text.
pub const CATALOGUES: &[(&str, &str)] = &[];
