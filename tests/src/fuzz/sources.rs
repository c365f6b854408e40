//! Source files of the repository, damaged, and templates out of every piece of the language.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::SystemClock;
use bronzegate_core::config::{self, Problems, Source};
use bronzegate_core::run::Engine;
use bronzegate_core::secret::EnvSecrets;
use bronzegate_demo_api::{Shape, Stream, Style};
use fastrand::Rng;

use super::Outcome;
use super::mutation::{assembled, mutated_at_the_edges};
use super::told::{Told, is_tellable};
use super::writings::secret;
use crate::{Bench, one_stream, repository};

const DICTIONARY: [&str; 44] = [
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "{ ",
    " }",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "| \n",
    ">-\n",
    "? ",
    "---\n",
    "...\n",
    "#",
    "\t",
    "\"",
    "'",
    "\\u0000",
    "\u{0}",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{202e}",
    "{{ vars.x }}",
    "{{ job.id }}",
    "{% if %}",
    "secret: x",
    "auth:",
    "streams:",
    "records: $",
    "pagination:",
    "type: cursor",
    "cron: '* * 31 2 *'",
    "timezone: Nowhere/At_All",
    "every: 0s",
    "window: 999999999999d",
    "over: 1e999",
    "a..b",
    "/~2",
];

/// A file of `sources/`, damaged; or whole, with a secret written where its name belongs.
#[expect(clippy::unused_async, reason = "every target is a future, which has a deadline")]
pub(super) async fn file(mut random: Rng, _: Told) -> Outcome {
    let folder = std::fs::read_dir(repository().join("sources")).map_err(|error| error.to_string())?;
    let mut files: Vec<_> = folder.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let path = random.choice(&files).ok_or("the repository has source files")?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    if random.u8(..4) == 0 {
        return with_a_secret(&name, &text, &mut random);
    }
    let text = mutated_at_the_edges(text.as_bytes(), &DICTIONARY, &mut random);
    match config::parse_bytes(&name, &text) {
        Ok(source) => use_it(source).map(|()| "accepted"),
        Err(problems) => are_tellable(&problems).map(|()| "refused"),
    }
}

fn with_a_secret(name: &str, text: &str, random: &mut Rng) -> Outcome {
    let secret = secret(random);
    let Some(start) = text.find("{ secret: ") else { return Ok("does not fit") };
    let end = start + text[start..].find('}').map_or(0, |end| end + 1);
    let text = format!("{}'{secret}'{}", &text[..start], &text[end..]);
    match config::parse(name, &text) {
        Ok(_) => Ok("accepted"),
        Err(problems) if problems.to_string().contains(&secret) => Err(format!("{secret} is in {problems}")),
        Err(problems) => are_tellable(&problems).map(|()| "refused"),
    }
}

/// What is made of a file before its first request.
fn use_it(source: Source) -> Result<(), String> {
    let source = Arc::new(source);
    let clock = Arc::new(SystemClock::default());
    let engine = Engine::new(source.clone(), Arc::new(EnvSecrets::new(|_| None)), clock, "test");
    for stream in &source.streams {
        let run = engine.stream(&stream.name).map_err(|error| error.to_string())?;
        run.share_warning();
        stream.cautions();
    }
    source.secrets();
    Ok(())
}

/// Each problem is one line.
fn are_tellable(problems: &Problems) -> Result<(), String> {
    let told = problems.to_string();
    let lines = told.lines().count();
    if lines != problems.as_slice().len() || told.chars().any(|char| char.is_control() && char != '\n') {
        return Err(format!("{} problems are told in {lines} lines: {told:?}", problems.as_slice().len()));
    }
    Ok(())
}

const PIECES: [&str; 38] = [
    "{{ ",
    " }}",
    "{{",
    "}}",
    "{%",
    "{#",
    "vars.a",
    "vars['a']",
    "cursor",
    "page",
    "window.from",
    "job.id",
    "partition.r",
    "-",
    "not ",
    "~",
    "+",
    "*",
    "**",
    "//",
    "(",
    ")",
    "[",
    "]",
    "[0:]",
    "|",
    " | upper",
    " | default('x')",
    ".",
    ",",
    "'",
    "\"",
    " if ",
    " else ",
    " in ",
    "range(9)",
    "1e9",
    "\u{1b}é",
];

/// A partition has to be used somewhere.
const USED: &str = "params: { r: '{{ partition.r }}' }";

/// A template in each place, rendered by a run where it is accepted.
pub(super) async fn template(mut random: Rng, _: Told) -> Outcome {
    let repeated = random.u8(..8) == 0;
    let template = if repeated {
        let piece = *random.choice(PIECES.iter()).expect("there are some");
        format!("{{{{ {}vars.a }}}}", piece.repeat(3_000 / piece.len()))
    } else {
        assembled(&PIECES, 16, &mut random)
    };
    let quoted = serde_json::Value::from(template.as_str()).to_string();
    let path = serde_json::Value::from(format!("/items/{template}")).to_string();
    let key = match random.u8(..4) {
        0 => format!("params: {{ q: {quoted}, r: '{{{{ partition.r }}}}' }}"),
        1 => format!("headers: {{ X-Q: {quoted} }}\n{USED}"),
        2 => format!("method: POST\nbody: {{ q: [{quoted}] }}\n{USED}"),
        _ => USED.to_owned(),
    };
    let settings = format!("records: results\npartitions: {{ r: [eu, us] }}\n{key}");
    let mut yaml = one_stream("items", settings.trim_end());
    if key == USED {
        yaml = yaml.replace("path: /items\n", &format!("path: {path}\n"));
    }
    let yaml = format!("vars: {{ a: 'x/../y' }}\nretry: {{ base: 1ms, max: 2ms, max_attempts: 1 }}\n{yaml}");
    let text = format!("source: demo\nbase_url: http://127.0.0.1:1\n{yaml}");
    if let Err(problems) = config::parse("demo.yaml", &text) {
        return are_tellable(&problems).map(|()| "refused");
    }
    let bench =
        Bench::new(vec![Stream::new("items", Style::Single, Shape::Small, 3)], Vec::new(), &yaml).await;
    let report = bench.run_within("items", Duration::from_secs(20)).await;
    is_tellable(&report)?;
    Ok("accepted")
}
