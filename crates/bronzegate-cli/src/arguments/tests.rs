use std::time::Duration;

use clap::CommandFactory as _;

use super::*;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split(' '))
}

fn refusal(line: &str) -> String {
    let error = parse(line).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{line}");
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_words_fit_together() {
    Arguments::command().debug_assert();
}

#[test]
fn a_run_takes_an_instant_and_a_deadline_and_settings_stand_anywhere() {
    for line in [
        "bronzegate --json --target t run crm/contacts --at 2026-11-22T18:00:00+01:00 --deadline 15m",
        "bronzegate run crm/contacts --at 2026-11-22T17:00:00Z --deadline 900s --target t --json",
    ] {
        let arguments = parse(line).unwrap();
        assert!(arguments.common.json);
        assert_eq!(arguments.common.target.as_deref(), Some("t"));
        let Command::Run(run) = arguments.command else { panic!("{line} is a run") };
        assert_eq!(run.selections, ["crm/contacts".parse().unwrap()]);
        assert_eq!(run.time(), "2026-11-22T17:00:00Z".parse().ok().map(RunTime::At));
        assert_eq!(run.deadline, Some(Duration::from_mins(15)));
    }
}

#[test]
fn a_sample_is_ten_records_unless_it_says_how_many() {
    for (line, records) in [("bronzegate sample a/b", 10), ("bronzegate sample a/b -n 3", 3)] {
        let Command::Sample(sample) = parse(line).unwrap().command else { panic!("{line} is a sample") };
        assert_eq!(sample.records.get(), records);
    }
}

#[test]
fn a_check_without_a_name_is_one_of_all_files() {
    let Command::Check(check) = parse("bronzegate check --offline").unwrap().command else {
        panic!("it is a check")
    };
    assert_eq!((check.selection, check.offline), (None, true));
}

#[test]
fn a_period_begins_so_long_ago_or_at_a_time() {
    let line = "bronzegate runs --since 7d --until 2026-11-22";
    let Command::Runs(runs) = parse(line).unwrap().command else { panic!("{line} lists runs") };
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let told = [runs.since, runs.until].map(|moment| moment.unwrap().instant(now).to_string());
    assert_eq!(told, ["2026-11-15T12:00:00Z", "2026-11-22T00:00:00Z"]);
    assert_eq!((runs.selection, runs.grace), (None, Duration::from_hours(1)));
}

#[test]
fn times_are_written_as_people_write_them() {
    let Command::Run(run) = parse("bronzegate run a --at 2026-11-22 --deadline 1h30m").unwrap().command
    else {
        panic!("it is a run")
    };
    assert_eq!(run.time(), "2026-11-22T00:00:00Z".parse().ok().map(RunTime::At));
    assert_eq!(run.deadline, Some(Duration::from_mins(90)));
    let line = "bronzegate backfill a/b --from 30d --to 2026-11-22";
    let Command::Backfill(backfill) = parse(line).unwrap().command else { panic!("{line} is a backfill") };
    let now = "2026-11-22T12:00:01Z".parse().unwrap();
    let told = [backfill.from, backfill.to].map(|moment| moment.rounded(now).to_string());
    assert_eq!(told, ["2026-10-23T00:00:00Z", "2026-11-22T00:00:00Z"]);
}

#[test]
fn more_is_logged_by_v() {
    for (line, verbose) in [("bronzegate run a", 0), ("bronzegate run a -v", 1), ("bronzegate -vv run a", 2)]
    {
        assert_eq!(parse(line).unwrap().common.verbose, verbose, "{line}");
    }
}

#[test]
fn a_refusal_says_what_is_accepted() {
    insta::assert_snapshot!(refusal("bronzegate run crm --at noon"),
        @"error: invalid value 'noon' for '--at <TIME>': write a date (2026-11-22, midnight UTC), a time with its offset (2026-11-22T17:00:00Z), or `due`");
    insta::assert_snapshot!(refusal("bronzegate run crm --at=-000001-01-01T00:00:00Z"),
        @"error: invalid value '-000001-01-01T00:00:00Z' for '--at <TIME>': write a date (2026-11-22, midnight UTC), a time with its offset (2026-11-22T17:00:00Z), or `due`");
    insta::assert_snapshot!(refusal("bronzegate run crm --deadline 30"),
        @"error: invalid value '30' for '--deadline <DURATION>': a duration with its unit: 30s, 15m, 1h, 1h30m or 1d");
    insta::assert_snapshot!(refusal("bronzegate sample crm"),
        @"error: invalid value 'crm' for '<SOURCE/STREAM>': name a stream too: crm/<stream>");
    insta::assert_snapshot!(refusal("bronzegate runs crm --since yesterday"),
        @"error: invalid value 'yesterday' for '--since <TIME>': write how long ago (7d, 12h), a date (2026-01-01) or a time with its offset (2026-01-01T00:00:00Z)");
    insta::assert_snapshot!(refusal("bronzegate sample a/b -n 0"),
        @"error: invalid value '0' for '--records <COUNT>': write a whole number, at least 1");
    insta::assert_snapshot!(refusal("bronzegate check tea.yml"),
        @"error: invalid value 'tea.yml' for '[SOURCE[/STREAM]]': write the source's name, without the ending of its file: tea");
    refusal("bronzegate backfill a/b --from 30d --to 0d");
    refusal("bronzegate backfill a/b --from 30d --to 1d --parallel 0");
    refusal("bronzegate run");
    refusal("bronzegate");
}

#[test]
fn the_help_lists_every_exit_code_and_variable() {
    let help = Arguments::command().render_long_help().to_string();
    for code in
        ["    0  ", "    1  ", "    2  ", "    3  ", "    4  ", "    5  ", "    6  ", "    7  ", "  130  "]
    {
        assert!(help.contains(&format!("\n{code}")), "{code}");
    }
    for name in ["SOURCES", "TARGET", "SECRETS", "ENVIRONMENT", "LOG", "SECRET_<NAME>"] {
        assert!(help.contains(&format!("\n  BRONZEGATE_{name} ")), "{name}");
    }
}

#[test]
fn every_command_has_an_example() {
    for command in Arguments::command().get_subcommands_mut() {
        let help = command.render_long_help().to_string();
        assert!(help.contains(&format!("Example:\n  bronzegate {}", command.get_name())), "{help}");
    }
}
