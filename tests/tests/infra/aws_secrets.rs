//! The commands that the Terraform module for AWS prints for secrets, run by a shell on moto.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use bronzegate_tests::moto::{Moto, secrets_at, variables_at};
use bronzegate_tests::repository;

const SECRET: &str = "bronzegate/dev/shop-token";

/// Runs a command that is printed for somebody, with this value in the file that it names.
fn run(moto: &Moto, folder: &Path, command: &str, value: &str) {
    let file = folder.join("value");
    fs::write(&file, value).expect("writable");
    let line = command.replace("<file>", &file.display().to_string());
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let ended =
        Command::new("sh").arg("-c").arg(&line).envs(variables_at(moto.port())).env("PATH", path).output();
    let ended = ended.expect("a shell starts");
    assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// The secret's value and its ARN.
pub(super) async fn value(moto: &Moto) -> (String, String) {
    let read =
        secrets_at(moto.port()).await.get_secret_value().secret_id(SECRET).send().await.expect("it is there");
    (read.secret_string().unwrap_or_default().to_owned(), read.arn().unwrap_or_default().to_owned())
}

/// The command works whether the secret is new, there, or deleted and within its recovery window: as where a source is
/// taken away and comes back, or is renamed. The value is `third` then.
pub(super) async fn assert_command_works(moto: &Moto, command: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let python = repository().join(".venv/bin/python");
    let script = repository().join("tests/python/aws.py");
    let aws = folder.path().join("aws");
    fs::write(&aws, format!("#!/bin/sh\nexec \"{}\" \"{}\" \"$@\"\n", python.display(), script.display()))
        .expect("writable");
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).expect("it is ours");

    run(moto, folder.path(), command, "first");
    let (first, arn) = value(moto).await;
    assert_eq!(first, "first");
    run(moto, folder.path(), command, "second");
    assert_eq!(value(moto).await, ("second".to_owned(), arn.clone()));
    let client = secrets_at(moto.port()).await;
    client.delete_secret().secret_id(SECRET).recovery_window_in_days(7).send().await.expect("it is deleted");
    assert!(client.get_secret_value().secret_id(SECRET).send().await.is_err());
    run(moto, folder.path(), command, "third");
    assert_eq!(
        value(moto).await,
        ("third".to_owned(), arn),
        "it is the same secret, so that roles still name it"
    );
}
