//! Which program this is: its version, and the commit that it was built from.

use std::sync::LazyLock;

/// `0.1.0 (3f2a1b9c0d1e)`; the version alone of a build that was not told its commit.
pub(crate) static VERSION: LazyLock<String> =
    LazyLock::new(|| version(env!("CARGO_PKG_VERSION"), option_env!("BRONZEGATE_COMMIT")));

fn version(number: &str, commit: Option<&str>) -> String {
    match commit.filter(|commit| !commit.is_empty()) {
        Some(commit) => format!("{number} ({commit})"),
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_was_told_its_commit_says_so() {
        assert_eq!(version("0.1.0", Some("3f2a1b9c0d1e")), "0.1.0 (3f2a1b9c0d1e)");
        assert_eq!(version("0.1.0", Some("")), "0.1.0");
        assert_eq!(version("0.1.0", None), "0.1.0");
    }
}
