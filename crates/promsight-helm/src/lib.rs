//! Charts to the manifests that they render.
//!
//! Owns: Go's template language with the functions that Helm adds, evaluated within bounds over a chart's values, and
//! rendered text that leads back to the templates. Reads no file, and knows no object of Kubernetes.
