//! `new`: a source file from one URL.

use std::sync::Arc;

use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::redact::visible;
use bronzegate_core::secret::SecretStore;
use bronzegate_scaffold::curl;
use bronzegate_scaffold::new::{Candidate, Draft, Explored, Given, Outcome, explore, skeleton};
use bronzegate_scaffold::request::{Method, Request};

use super::lifted_secrets::{LiftedSecrets, command};
use super::{Context, check, new_file};
use crate::arguments::{CheckArguments, NewArguments};
use crate::output::Output;
use crate::{human, terminal};

/// The exit code where somebody has to decide.
const UNDECIDED: u8 = 3;

/// Explores, writes the file, and checks it.
pub(crate) async fn new(context: &Context, arguments: &NewArguments, out: &mut Output) -> Result<u8> {
    let mut context = context.clone();
    let file = new_file::vacant(&context.sources, &arguments.name)?;
    let draft = Draft::new(Given {
        source: arguments.name.clone(),
        stream: arguments.stream.clone(),
        request: request(arguments)?,
        secrets: arguments.known_secrets.clone(),
    })?
    .with_proxies(context.proxies.clone());
    tell_secrets(&context, &draft, out);
    let text = if arguments.offline {
        skeleton(&draft)?
    } else {
        confirmed(&draft, arguments.yes)?;
        context.secrets =
            Arc::new(LiftedSecrets::new(&draft.lifted, context.secrets.clone())) as Arc<dyn SecretStore>;
        let mut choose = choose;
        let records = arguments.records.as_deref();
        match explore(&draft, &context.secrets, &context.clock, records, &mut choose).await? {
            Outcome::Found(found) => {
                tell_findings(&context, &found, out);
                found.text
            }
            Outcome::Undecided(candidates) => return Ok(undecided(&context, &candidates, out)),
        }
    };
    new_file::write(&file, &text)?;
    if !context.json {
        out.line(format!("wrote {file}"));
    }
    let selection = arguments.name.parse().map_err(|error: String| Error::new(ErrorKind::Config, error))?;
    let checked = CheckArguments { selection: Some(selection), offline: arguments.offline };
    let code = check(&context, &checked, out).await?;
    if !context.json {
        let next = if code == 0 { "sample" } else { "check" };
        out.line(format!("next: bronzegate {next} {}/{}", arguments.name, draft.stream()));
    }
    // A skeleton is not checked for secrets: they are to be stored after it.
    Ok(if arguments.offline && code == ErrorKind::Auth.exit_code() { 0 } else { code })
}

fn request(arguments: &NewArguments) -> Result<Request> {
    let wrong = |cause: String| Error::new(ErrorKind::Config, cause);
    let mut request = match (&arguments.curl, &arguments.url) {
        (Some(line), _) => curl::parse(line).map_err(|error| wrong(error.to_string()))?,
        (None, url) => {
            let url = url.as_deref().unwrap_or_default().parse();
            let url = url.map_err(|error| wrong(format!("the URL is not one: {error}")))?;
            Request { method: Method::Get, url, headers: Vec::new(), user: None, body: None }
        }
    };
    for (at, header) in arguments.headers.iter().enumerate() {
        let header = header
            .split_once(':')
            .ok_or_else(|| wrong(format!("--header number {} is not `Name: value`", at + 1)))?;
        request.headers.push((header.0.trim().to_owned(), header.1.trim().to_owned()));
    }
    Ok(request)
}

/// A POST is sent only after somebody has said so.
fn confirmed(draft: &Draft, yes: bool) -> Result<()> {
    if !draft.is_post() || yes {
        return Ok(());
    }
    let question =
        format!("This sends a POST to {} up to five times. Does it only read? (y/n)", draft.address());
    if let Some("y" | "yes") = terminal::ask(&question).as_deref() {
        Ok(())
    } else {
        let cause = "a POST may have an effect, so it is sent only with --yes, or after a `y` on a terminal; --offline writes a skeleton";
        Err(Error::new(ErrorKind::Config, cause))
    }
}

fn choose(candidates: &[Candidate]) -> Option<usize> {
    let lists: Vec<_> =
        candidates.iter().enumerate().map(|(at, one)| format!("  {}  {}", at + 1, described(one))).collect();
    let question = format!("Which list holds the records?\n{}\nits number:", lists.join("\n"));
    terminal::ask(&question)?.parse::<usize>().ok()?.checked_sub(1).filter(|at| *at < candidates.len())
}

fn described(candidate: &Candidate) -> String {
    format!("{} ({})", candidate.address(), human::counted(candidate.count as u64, "object"))
}

fn undecided(context: &Context, candidates: &[Candidate], out: &mut Output) -> u8 {
    if context.json {
        let lists: Vec<_> = candidates
            .iter()
            .map(|one| serde_json::json!({"records": one.address(), "objects": one.count}))
            .collect();
        out.json(&serde_json::json!({"outcome": "undecided", "candidates": lists}));
    } else {
        out.line("nothing is written: several lists may hold the records; say which with --records:");
        for one in candidates {
            out.line(visible(&format!(
                "  --records '{}'  {}",
                one.address(),
                human::counted(one.count as u64, "object")
            )));
        }
    }
    UNDECIDED
}

fn tell_secrets(context: &Context, draft: &Draft, out: &mut Output) {
    if context.json {
        return;
    }
    for lifted in draft.lifted.iter().filter(|lifted| lifted.value.is_some()) {
        out.line(visible(&format!(
            "secret `{}` was {}; store it: {}",
            lifted.secret,
            lifted.was,
            command(&context.vault, &lifted.secret)
        )));
    }
}

fn tell_findings(context: &Context, found: &Explored, out: &mut Output) {
    if context.json {
        out.json(
            &serde_json::json!({"outcome": "found", "requests": found.requests, "findings": found.findings}),
        );
        return;
    }
    out.line(format!("found with {}:", human::counted(found.requests as u64, "request")));
    found.findings.iter().for_each(|finding| out.line(visible(&format!("  {finding}"))));
}
