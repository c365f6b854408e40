//! The environment: the only file of this program that reads a variable.

/// What is logged: `BRONZEGATE_LOG`.
pub(crate) fn log_directives() -> String {
    look_up("BRONZEGATE_LOG").unwrap_or_else(|| "info".to_owned())
}

/// The namespace of this function's metrics: one for each function, so that deployments of an account share no alarm.
pub(crate) fn metrics_namespace() -> String {
    let function = look_up("AWS_LAMBDA_FUNCTION_NAME");
    function.map_or_else(|| "Bronzegate".to_owned(), |function| format!("Bronzegate/{function}"))
}

/// The value of a variable; `None` when it is not set, empty, or not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this file is where the environment is read")]
pub(crate) fn look_up(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
