//! The snippets of `docs/deploy/anywhere.md` and `docs/reference/command-line.md`.

use std::process::Command;

use bronzegate_tests::command_line::program;
use bronzegate_tests::repository;

/// The command lines of a page, once what is around them is found valid.
fn commands(page: &str) -> Vec<String> {
    let python = repository().join(".venv/bin/python");
    let script = repository().join("tests/python/check_snippets.py");
    let ended = Command::new(python).arg(script).arg(repository().join(page)).output().expect("it starts");
    assert!(ended.status.success(), "{page}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn every_snippet_is_valid_and_every_command_is_one_that_the_program_takes() {
    let empty = tempfile::tempdir().expect("a folder");
    for (page, fewest) in [("docs/deploy/anywhere.md", 8), ("docs/reference/command-line.md", 8)] {
        let commands = commands(page);
        assert!(commands.len() >= fewest, "{page}: {commands:?}");
        for line in commands {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("exec \"$0\" {line}")).arg(program("bronzegate"));
            let ended = shell.current_dir(empty.path()).env_clear().output().expect("it starts");
            let told = String::from_utf8_lossy(&ended.stderr);
            // Without source files it gets no further: a command that is wrong does not come that far.
            let is_taken = ended.status.success()
                || told.contains("cannot read the sources folder")
                || told.contains("there is no file");
            assert!(is_taken, "{page}: {line}: {told}");
        }
    }
}
