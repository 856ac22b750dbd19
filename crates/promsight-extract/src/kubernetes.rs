//! Kubernetes objects that carry rules, dashboards or configuration.
