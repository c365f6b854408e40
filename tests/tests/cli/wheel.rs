//! The wheel of `make wheel`, made of the program as it is built for the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bronzegate_tests::command_line::program;
use bronzegate_tests::repository;
use tempfile::TempDir;

/// This machine as pip calls it: the program of the tests needs its C library, the one of `make wheel` an older one.
fn platform() -> String {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().expect("getconf is there");
    let told = String::from_utf8(told.stdout).expect("text");
    let version = told.trim().trim_start_matches("glibc ").replace('.', "_");
    format!("manylinux_{version}_{}", std::env::consts::ARCH)
}

fn wheel(program: &Path, folder: &Path, version: &str, platform: &str) -> Output {
    let mut python = Command::new("python3");
    python.arg(repository().join("infra/wheel.py")).arg(program);
    python.arg(version).arg(folder).arg(platform);
    python.output().expect("python3 is there")
}

/// The program without its symbols, which are most of it.
fn stripped(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("bronzegate");
    let mut strip = Command::new("strip");
    let ended = strip.arg("-o").arg(&path).arg(program("bronzegate")).status();
    if !ended.is_ok_and(|status| status.success()) {
        fs::copy(program("bronzegate"), &path).expect("a copy");
    }
    path
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn pip_installs_the_wheel_into_an_empty_environment_and_it_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = stripped(&folder);
    let platform = platform();
    let made: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|name| {
            let target = folder.path().join(name);
            let ended = wheel(&program, &target, "1.2.3", &platform);
            assert!(ended.status.success(), "{}", text(&ended));
            target.join(format!("bronzegate-1.2.3-py3-none-{platform}.whl"))
        })
        .collect();
    assert!(
        fs::read(&made[0]).expect("it is there") == fs::read(&made[1]).expect("it is there"),
        "the same bytes"
    );
    let environment = folder.path().join("environment");
    let run = |program: &Path, arguments: &[&str]| {
        let ended = Command::new(program).args(arguments).output().expect("it starts");
        assert!(ended.status.success(), "{arguments:?}: {}", text(&ended));
        text(&ended)
    };
    run(Path::new("python3"), &["-m", "venv", environment.to_str().expect("text")]);
    let bin = environment.join("bin");
    let wheel = made[0].to_str().expect("text");
    run(&bin.join("pip"), &["install", "--no-index", "--disable-pip-version-check", "--quiet", wheel]);
    let version = run(&bin.join("bronzegate"), &["--version"]);
    assert!(version.starts_with("bronzegate "), "{version}");
    // Not only a file in the right place: every file is what RECORD says.
    let shown = run(&bin.join("pip"), &["show", "--files", "bronzegate"]);
    for line in ["Version: 1.2.3", "../../../bin/bronzegate", "dist-info/licenses/LICENSE-MIT"] {
        assert!(shown.contains(line), "{shown}");
    }
    run(&bin.join("pip"), &["uninstall", "--yes", "--quiet", "bronzegate"]);
    assert!(!bin.join("bronzegate").exists(), "RECORD names the program");
}

#[test]
fn a_program_that_would_not_start_where_pip_installs_it_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = program("bronzegate");
    let platform = platform();
    let arch = std::env::consts::ARCH;
    let other = if arch == "x86_64" { "aarch64" } else { "x86_64" };
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh\n").expect("writable");
    let of = |system: &str, arch: &str| format!("{system}_{arch}");
    for (program, version, platform, why) in [
        (&program, "1.2.3", of("manylinux_2_5", arch), "the wheel promises 2.5"),
        (&program, "1.2.3", of("manylinux_2_28", other), "is for machine"),
        (&program, "1.2.3", of("musllinux_1_2", arch), "is not static"),
        (&program, "1.2.3", of("macosx_11_0", "arm64"), "is no 64-bit Mach-O program"),
        (&program, "1.2.3", of("win", "amd64"), "is no platform"),
        (&program, "1.2-dirty", platform.clone(), "is no version that PyPI takes"),
        (&script, "1.2.3", platform, "is no 64-bit little-endian ELF program"),
    ] {
        let ended = wheel(program, folder.path(), version, &platform);
        assert!(!ended.status.success() && text(&ended).contains(why), "{why}: {}", text(&ended));
    }
}

#[test]
fn a_package_never_has_the_env_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("sources")).expect("a folder");
    for (name, content) in
        [("bootstrap", "x"), ("sources/crm.yaml", "source: crm"), ("sources/.env", "A=secret")]
    {
        fs::write(path(name), content).expect("writable");
    }
    fs::write(path(".env"), "A=secret").expect("writable");
    let mut python = Command::new("python3");
    python.arg(repository().join("infra/package.py")).args([
        "bootstrap",
        "bootstrap",
        "out.zip",
        "2.34",
        "sources",
        ".env",
    ]);
    let ended = python.current_dir(folder.path()).output().expect("python3 is there");
    assert!(ended.status.success(), "{}", text(&ended));
    let zip = zip::ZipArchive::new(fs::File::open(path("out.zip")).expect("it is there")).expect("a zip");
    let mut names: Vec<_> = zip.file_names().map(|name| name.expect("a name").into_owned()).collect();
    names.sort_unstable();
    assert_eq!(names, ["bootstrap", "sources/crm.yaml"]);
}
