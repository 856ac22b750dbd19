//! Python source to the syntax tree of `promsight_model::python`.
