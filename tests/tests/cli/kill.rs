//! Runs that are killed (SIGKILL) at any moment and run again, and copies of a run at once: bronze is
//! that of one uncut run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Ended, Shell, commits, files, program, records, run_line, until};
use bronzegate_tests::{SCHEDULED, SEED, expected, one_stream, parts};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// Longer than any process takes here, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

const RECORDS: u64 = 600;

/// About thirty parts of thirty pages.
const SETTINGS: &str = "records: results
output: { max_part_bytes: 4KiB }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

async fn shell() -> Shell {
    shell_with(SETTINGS).await
}

async fn shell_with(settings: &str) -> Shell {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20);
    let options = Options { seed: SEED, streams: vec![stream], ..Options::default() };
    Shell::with(Options { latency: Duration::from_millis(2), ..options }, &one_stream("items", settings))
        .await
}

/// The API does not answer for this page, and none after it is asked for, until the faults are set again.
fn hold_at(shell: &Shell, page: u64) {
    shell.api.set_faults(vec![Fault::new("items", When::Page(page), FaultKind::Held).always()]);
}

/// A random number that is the same in every run of the tests (xorshift64*, Vigna 2016).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: Duration) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        bound.mul_f64(drawn as f64 / f64::from(u32::MAX))
    }
}

/// What somebody sees of the bronze folder at any moment is committed, whole, and no repetition.
fn assert_sound(target: &Path) {
    let seen = records(target, "items");
    let all = expected(Shape::Small, RECORDS);
    assert!(seen.iter().all(|record| all.contains(record)), "only the API's own bytes");
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len(), "no record twice");
    assert!(seen.is_empty() || !commits(target, "items").is_empty(), "only what is committed is visible");
}

/// Runs it to its end and asserts that bronze is that of one uncut run, and clean.
async fn assert_completes(shell: &Shell) -> Ended {
    let ended = shell.run_at("demo/items").await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_exact(shell);
    ended
}

fn assert_exact(shell: &Shell) {
    shell.assert_records("items", Shape::Small, RECORDS);
    assert_eq!(files(&shell.target().join("_bronzegate/staging")), Vec::<PathBuf>::new());
    let part =
        |path: &PathBuf| path.strip_prefix(shell.target()).expect("under the target").display().to_string();
    let visible: Vec<_> = parts(&shell.target(), "demo", "items").iter().map(part).collect();
    let committed: Vec<String> = shell.commits("items").iter().flat_map(|path| receipts(path)).collect();
    assert_eq!(visible, committed);
}

fn receipts(commit: &Path) -> Vec<String> {
    let commit: serde_json::Value =
        serde_json::from_slice(&std::fs::read(commit).expect("readable")).expect("JSON");
    let paths = commit["parts"].as_array().expect("a list").iter();
    paths.map(|part| part["path"].as_str().expect("text").to_owned()).collect()
}

/// Kills a run after that time; tells whether it was still running.
async fn killed_after(shell: &Shell, time: Duration) -> bool {
    let mut run = shell.start(&run_line("demo/items"));
    SystemClock::default().sleep(time).await;
    run.kill();
    let killed = run.ended().await.code().is_none();
    assert_sound(&shell.target());
    killed
}

/// Between two looks at a folder.
fn pause() {
    std::thread::sleep(Duration::from_micros(100));
}

/// Kills a run as soon as the state is seen.
async fn killed_when(shell: &Shell, state: impl Fn(&Path) -> bool + Send + 'static) -> bool {
    let (mut run, target) = (shell.start(&run_line("demo/items")), shell.target());
    let run = tokio::task::spawn_blocking(move || {
        while !state(&target) && !run.is_over() {
            pause();
        }
        run.kill();
        run
    });
    let killed = run.await.expect("no panic").ended().await.code().is_none();
    assert_sound(&shell.target());
    killed
}

async fn uncut_duration() -> Duration {
    let (shell, clock) = (shell().await, SystemClock::default());
    shell.run_at("demo/items").await.assert(0, "complete");
    clock.elapsed()
}

#[tokio::test]
async fn a_run_killed_at_any_moment_and_run_again_is_exact() {
    let (whole, mut chance, mut killed) = (uncut_duration().await, Chance(1), 0);
    while killed < 12 {
        let shell = shell().await;
        for _ in 0..3 {
            killed += u32::from(killed_after(&shell, chance.below(whole)).await);
        }
        assert_completes(&shell).await;
        shell.run_at("demo/items").await.assert(0, "already_committed");
        assert_exact(&shell);
    }
}

/// A segment that was committed before stays as it is, whatever happens to the next.
#[tokio::test]
async fn kills_and_interrupts_in_turn_are_exact() {
    let (whole, mut chance) = (uncut_duration().await, Chance(2));
    let shell = shell().await;
    for nth in 1..=4 {
        hold_at(&shell, nth * 6);
        assert!(killed_after(&shell, chance.below(whole / 3)).await, "it cannot end");
        let held = || shell.api.stats().stream("items").faults;
        let before = held();
        let run = shell.start(&run_line("demo/items"));
        until("the page is asked for", || held() > before).await;
        run.signal("TERM").await;
        assert_eq!(run.ended().await.code(), Some(3));
        assert_sound(&shell.target());
    }
    shell.api.set_faults(vec![]);
    assert_completes(&shell).await;
    assert_eq!(shell.commits("items").len(), 5);
}

fn staged(target: &Path) -> usize {
    files(&target.join("_bronzegate/staging")).len()
}

fn published(target: &Path) -> usize {
    parts(target, "demo", "items").len()
}

#[tokio::test]
async fn a_run_killed_in_a_known_state_and_run_again_is_exact() {
    let states: [fn(&Path) -> bool; 5] = [
        |target| target.exists(),
        |target| staged(target) > 1,
        |target| staged(target) > 20,
        |target| target.join("_bronzegate/demo/items/commits").exists(),
        |target| published(target) > 0,
    ];
    for (nth, state) in states.into_iter().enumerate() {
        let shell = shell().await;
        if nth <= 2 {
            hold_at(&shell, 29);
        }
        let killed = killed_when(&shell, state).await;
        assert!(killed || nth > 2, "state {nth} was not met");
        shell.api.set_faults(vec![]);
        let ended = assert_completes(&shell).await;
        assert!(nth > 2 || ended.report()["status"] == "complete", "{nth}: {ended:?}");
    }
}

/// Between the commit and the last part's publishing: the next run publishes, and asks nothing.
#[tokio::test]
async fn a_run_killed_between_commit_and_publishing_is_published_by_the_next() {
    let mut found = 0;
    for call in 1.. {
        let shell = shell_with(&SETTINGS.replace("4KiB", "12KiB")).await;
        let killed = killed_after_call(&shell, call).await;
        assert_sound(&shell.target());
        if !killed {
            break;
        }
        let Some(commit) = shell.commits("items").pop() else { continue };
        let (seen, all) = (published(&shell.target()), receipts(&commit).len());
        let requests = shell.api.stats().stream("items").requests;
        assert_completes(&shell).await.assert(0, "already_committed");
        assert_eq!(shell.api.stats().stream("items").requests, requests, "nothing is asked again");
        found += u32::from(seen < all);
    }
    assert!(found > 2, "{found} runs were killed between commit and publishing");
}

/// Kills a run of the engine, in a process of its own, when this call of its store is done; tells whether it
/// made so many.
async fn killed_after_call(shell: &Shell, call: u64) -> bool {
    let mut doomed = Command::new(program("workbench"))
        .arg("torture-doomed")
        .args([shell.path("sources/demo.yaml"), shell.target()])
        .args(["files", &call.to_string(), "after", &format!("at={SCHEDULED}")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(doomed.stdout.take().expect("it is piped")).lines();
    let line = tokio::time::timeout(PATIENCE, said.next_line()).await.expect("it hangs");
    let killed = line.expect("it says text").as_deref() == Some("now");
    doomed.kill().await.expect("a child can be killed");
    killed
}

fn statuses(ended: &[Ended; 2]) -> [String; 2] {
    let mut statuses = ended.each_ref().map(|ended| {
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        ended.report()["status"].as_str().expect("text").to_owned()
    });
    statuses.sort();
    statuses
}

/// Two copies at once.
async fn twice(shell: &Shell) -> [Ended; 2] {
    let (one, two) = (shell.start(&run_line("demo/items")), shell.start(&run_line("demo/items")));
    let (one, two) = tokio::join!(one.ended(), two.ended());
    [one, two]
}

#[tokio::test]
async fn of_two_copies_at_once_one_commits_and_the_other_says_so() {
    for _ in 0..5 {
        let shell = shell().await;
        let ended = twice(&shell).await;
        assert_eq!(statuses(&ended), ["already_committed", "complete"]);
        let lost = ended.iter().map(Ended::report).find(|report| report["status"] == "already_committed");
        let lost = lost.unwrap();
        assert_eq!((&lost["records"], &lost["parts"]), (&0.into(), &serde_json::json!([])), "{lost}");
        assert_exact(&shell);
    }
}

#[tokio::test]
async fn two_copies_after_a_kill_are_exact_three_times_in_a_row() {
    let (whole, mut chance) = (uncut_duration().await, Chance(3));
    for _ in 0..3 {
        let shell = shell().await;
        killed_after(&shell, chance.below(whole)).await;
        let ended = twice(&shell).await;
        assert!(ended.iter().all(|ended| ended.code() == Some(0)), "{ended:?}");
        assert_exact(&shell);
    }
}

/// Whoever is left says 0 only when everything is visible.
#[tokio::test]
async fn a_copy_of_a_run_that_is_killed_is_exact() {
    let (whole, mut chance) = (uncut_duration().await, Chance(4));
    for nth in 0..6 {
        let shell = shell().await;
        let mut doomed = shell.start(&run_line("demo/items"));
        let other = shell.start(&run_line("demo/items"));
        if nth % 2 == 0 {
            SystemClock::default().sleep(chance.below(whole)).await;
        } else {
            let target = shell.target();
            doomed = tokio::task::spawn_blocking(move || {
                while commits(&target, "items").is_empty() && !doomed.is_over() {
                    pause();
                }
                doomed.kill();
                doomed
            })
            .await
            .unwrap();
        }
        doomed.kill();
        doomed.ended().await;
        let other = other.ended().await;
        assert_eq!(other.code(), Some(0), "{other:?}");
        shell.assert_records("items", Shape::Small, RECORDS);
        assert_completes(&shell).await.assert(0, "already_committed");
    }
}
