//! Small manifests, one for each tricky case.
