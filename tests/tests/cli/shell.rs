//! What a shell and a reader need of the program itself: completions, manual pages, the version, colours.

use std::fs;

use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::terminal::in_terminal;

async fn shell() -> Shell {
    let stream = Stream::new("items", Style::Single, Shape::Small, 1);
    Shell::new(vec![stream], Vec::new(), "streams:\n  items: { path: /items, records: $ }").await
}

#[tokio::test]
async fn completions_are_printed_for_the_usual_shells() {
    let shell = shell().await;
    for (name, sign) in [
        ("bash", "complete -F _bronzegate"),
        ("zsh", "#compdef bronzegate"),
        ("fish", "complete -c bronzegate"),
    ] {
        let ended = shell.run(&format!("completions {name}")).await;
        assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.out.contains(sign) && ended.out.contains("backfill"), "{name}");
    }
    assert_eq!(shell.run("completions cmd").await.code(), Some(2));
}

#[tokio::test]
async fn every_command_has_a_manual_page() {
    let shell = shell().await;
    let page = shell.run("man").await;
    assert_eq!(page.code(), Some(0), "{page:?}");
    assert!(page.out.contains(".TH bronzegate 1"), "{page:?}");
    assert_eq!(shell.run("man --output pages").await.code(), Some(0));
    for name in ["bronzegate.1", "bronzegate-run.1", "bronzegate-state-set.1"] {
        let page = fs::read_to_string(shell.path("pages").join(name)).expect("it is written");
        assert!(page.starts_with(".ie"), "{name}: {page}");
    }
}

#[tokio::test]
async fn the_version_is_one_line() {
    let version = shell().await.run("--version").await;
    let line = format!("bronzegate {}", env!("CARGO_PKG_VERSION"));
    assert!(version.out.starts_with(&line) && version.out.lines().count() == 1, "{version:?}");
}

#[tokio::test]
async fn colours_are_for_a_terminal_alone_and_no_color_switches_them_off() {
    const ESCAPE: char = '\u{1b}';
    let shell = shell().await;
    let on_terminal = async |no_color: Option<&str>| {
        let process = shell.start_command("run nothing/there", |command| {
            if let Some(value) = no_color {
                command.env("NO_COLOR", value);
            }
            in_terminal(command, "");
        });
        process.ended().await
    };
    for (no_color, has_colours) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let ended = on_terminal(no_color).await;
        assert!(ended.out.contains("bronzegate:"), "{ended:?}");
        assert_eq!(ended.out.contains(ESCAPE), has_colours, "{no_color:?}: {ended:?}");
    }
    let piped = shell.run("run nothing/there").await;
    assert!(piped.err.contains("bronzegate:") && !piped.err.contains(ESCAPE), "{piped:?}");
}
