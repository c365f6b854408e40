//! A full disk: the run fails with 7 and shows nothing; with space again the same run completes.
//!
//! Needs to mount a small file system, which takes root; where that is not possible the tests say
//! so and test nothing.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output};

use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::command_line::{Ended, Shell, files, records};
use bronzegate_tests::{SCHEDULED, one_stream};

const SETTINGS: &str = "records: results
output: { max_part_bytes: 16KiB }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

/// A file system of a few pages, unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Mounts it, or says why not.
    fn mount(shell: &Shell, size: &str) -> Option<Self> {
        let path = shell.path("disk");
        fs::create_dir_all(&path).expect("a folder");
        let mounted = mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], &path);
        if mounted.as_ref().is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(path));
        }
        // Not `println!`, which a passing test shows nobody.
        let _ = writeln!(io::stderr(), "NOT RUN: a full disk needs the right to mount one: {mounted:?}");
        None
    }

    fn grow(&self) {
        let grown = mount(&["-o", "remount,size=16m"], &self.0).expect("there is a mount command");
        assert!(grown.status.success(), "{grown:?}");
    }
}

fn mount(arguments: &[&str], path: &PathBuf) -> io::Result<Output> {
    Command::new("mount").args(arguments).arg(path).output()
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, so that it goes even if a process still has it open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

async fn shell(count: u64) -> Shell {
    let stream = Stream::new("items", Style::Cursor, Shape::Crm, count).page_size(20);
    let mut shell = Shell::new(vec![stream], Vec::new(), &one_stream("items", SETTINGS)).await;
    shell.set("BRONZEGATE_TARGET", "disk/bronze");
    shell
}

fn visible(shell: &Shell) -> Vec<String> {
    records(&shell.path("disk/bronze"), "items")
}

fn assert_complete(shell: &Shell, ended: &Ended, count: u64) {
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    bronzegate_tests::command_line::assert_same(
        &visible(shell),
        &bronzegate_tests::expected(Shape::Crm, count),
    );
    assert_eq!(files(&shell.path("disk/bronze/_bronzegate/staging")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_full_disk_is_7_and_the_run_completes_once_there_is_space() {
    let shell = shell(1500).await;
    let Some(disk) = Disk::mount(&shell, "1m") else { return };
    let full = shell.run_at("demo/items").await;
    full.assert_failed(7, "store", "No space left on device");
    let bronze = shell.path("disk/bronze");
    assert_eq!(files(&bronze), Vec::<PathBuf>::new(), "nothing is visible, committed or left");
    let told = shell.run(&format!("run demo/items --at {SCHEDULED}")).await;
    assert!(told.code() == Some(7) && told.err.contains("No space left on device"), "{told:?}");
    disk.grow();
    assert_complete(&shell, &shell.run_at("demo/items").await, 1500);
}

/// The space ends in the middle of every step in turn: staging, committing, publishing, the hint.
#[tokio::test]
async fn wherever_the_space_ends_the_run_fails_whole_or_is_whole() {
    let (mut failed, mut whole) = (0, 0);
    for pages in 1..=36 {
        let shell = shell(100).await;
        let Some(disk) = Disk::mount(&shell, &format!("{}k", 4 * pages)) else { return };
        let cut = shell.run_at("demo/items").await;
        if cut.code() == Some(0) {
            whole += 1;
            assert_eq!(visible(&shell).len(), 100, "{cut:?}");
        } else {
            failed += 1;
            assert_eq!(cut.code(), Some(7), "{cut:?}");
            assert_eq!(visible(&shell).len(), 0, "{cut:?}");
        }
        disk.grow();
        assert_complete(&shell, &shell.run_at("demo/items").await, 100);
    }
    assert!(failed > 20 && whole > 0, "{failed} {whole}");
}
