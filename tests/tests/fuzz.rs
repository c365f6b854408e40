//! A bounded number of hostile inputs, in a process whose memory nobody else uses. `make torture` runs thousands.

use bronzegate_tests::command_line::program;
use bronzegate_tests::fuzz::TARGETS;
use tokio::process::Command;

#[tokio::test]
async fn hostile_inputs_end_in_time_in_little_memory_and_without_a_secret_told() {
    let cases = (60 * TARGETS.len()).to_string();
    let mut workbench = Command::new(program("workbench"));
    let output = workbench.args(["fuzz", "--seed", "1", "--cases", &cases]).output().await;
    let output = output.expect("the workbench starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    // Inputs of which all are refused, or all are fine, prove nothing.
    for outcome in
        ["bodies", "xml", "sources", "templates", "events"].map(|target| (target, ["accepted", "refused"]))
    {
        for word in outcome.1 {
            let is_there = told.lines().any(|line| line.starts_with(outcome.0) && line.ends_with(word));
            assert!(is_there, "no {} {word}:\n{told}", outcome.0);
        }
    }
}
