//! The two lines about a stream.

use std::collections::BTreeMap;
use std::time::Duration;

use super::credential::named;
use crate::config::{
    Advance, Condition, Incremental, Job, Kind, MOST_MARKS, Method, OtherRequest, Pagination, RecordsPath,
    Sent, Start, Stop, Stream, Target, Template, Test, Then, Tolerance, Total,
};

/// The source's vars by name.
type Vars = BTreeMap<String, String>;

/// What is asked for, how often, and from where on.
pub(super) fn asks(stream: &Stream, vars: &Vars) -> String {
    let request = request((stream.method, &stream.path), vars);
    let asked = match &stream.job {
        Some(job) => exported(job, &request, vars),
        None => format!("Asks {request}"),
    };
    let pages = match pages(&stream.pagination, vars) {
        Some(pages) => format!("{asked} {pages}."),
        None => format!("{asked}."),
    };
    let records = match &stream.records.at {
        RecordsPath::Root => "The whole body holds the records.".to_owned(),
        at => format!("The records are at {at}."),
    };
    let stretch = stream.incremental.as_ref().map(stretch);
    [Some(pages), Some(records), repeated(stream), stretch]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// How the end of the pages is known, and what the mark will be.
pub(super) fn ends(stream: &Stream) -> String {
    let pagination = &stream.pagination;
    let mut ends = vec![own_end(stream)];
    ends.extend(pagination.stop.iter().map(|stop| match stop {
        Stop::EmptyPage => "at an empty page".to_owned(),
        Stop::ShortPage => "at a page that is not full".to_owned(),
        Stop::When(condition) => format!("when {}", holds(condition)),
    }));
    if stream.responses.iter().any(|rule| rule.then == Then::End) {
        ends.push("by a rule of responses".to_owned());
    }
    let is_stopped = |settings: &Incremental| settings.is_descending && !settings.is_asked_from;
    if stream.incremental.as_ref().is_some_and(is_stopped) {
        ends.push("at the first page older than the mark".to_owned());
    }
    let ended = format!("Ends {}.", ends.join(", or "));
    let total = pagination.total.as_ref().map(held);
    let most = pagination.max_pages.map(|most| format!("More than {most} pages are an error."));
    let kept =
        pagination.is_stateful.then(|| "The API keeps the place, so a cut run starts again.".to_owned());
    [Some(ended), total, most, kept, Some(mark(stream))].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A method and a path, with the values of vars and the names of secrets.
fn request((method, path): (Method, &Template), vars: &Vars) -> String {
    let secrets = path.secrets().iter().map(|secret| (secret.placeholder(), named(secret)));
    let vars = vars.iter().map(|(name, value)| (format!("{{{{ vars.{name} }}}}"), value.clone()));
    let path = secrets
        .chain(vars)
        .fold(path.as_str().to_owned(), |path, (stands, meant)| path.replace(&stands, &meant));
    format!("{method} {path}")
}

fn exported(job: &Job, pages: &str, vars: &Vars) -> String {
    let by = |other: &OtherRequest| request((other.method, &other.path), vars);
    let mut steps = vec![format!("Submits an export by {}", by(&job.submit))];
    steps.extend(job.start.iter().map(|start| format!("starts it by {}", by(start))));
    steps.push(format!("waits until {}", job.done.iter().map(holds).collect::<Vec<_>>().join(" or ")));
    steps.extend(job.resolve.iter().map(|resolve| format!("asks {} where it is", by(resolve))));
    let read = match (&job.file, &job.each) {
        (Some(at), Some(each)) => format!("reads each file named at {at}.*.{}", each.join(".")),
        (Some(at), None) => format!("reads the file or files named at {at}"),
        (None, _) => format!("asks {pages}"),
    };
    format!("{}, then {read}", steps.join(", "))
}

fn pages(pagination: &Pagination, vars: &Vars) -> Option<String> {
    let size = pagination.page_size.as_ref().map(|size| format!("{} records a page", size.value));
    let later = pagination.next_request.as_ref();
    let later = later.map(|later| format!("later pages by {}", request((later.method, &later.path), vars)));
    let carried = pagination.carry.iter().map(|carry| format!("{} into {}", carry.from, carry.to));
    let with = |how: &str| {
        let all: Vec<_> = std::iter::once(how.to_owned())
            .chain(carried.clone())
            .chain(size.clone())
            .chain(later.clone())
            .collect();
        format!("page by page ({})", all.join(", "))
    };
    Some(match &pagination.kind {
        Kind::None => return size.map(|size| format!("({size})")),
        Kind::Cursor { next, send: Target::Url, .. } | Kind::NextUrl { next } => {
            with(&format!("the next URL is at {next}"))
        }
        Kind::Cursor { next, send, .. } => with(&format!("{next} goes into {send}")),
        Kind::Offset { send, start, advance } => {
            let step = match advance {
                Advance::Received => "the records received",
                Advance::Requested => "the records asked for",
            };
            with(&format!("{} counts {step} from {start}", sent(send, "the offset")))
        }
        Kind::Page { send, start, .. } => {
            with(&format!("{} counts the pages from {start}", sent(send, "the page number")))
        }
        Kind::LinkHeader { rel } => with(&format!("the next URL is the link {rel} of the header")),
    })
}

fn sent(send: &Sent, otherwise: &str) -> String {
    send.0.as_ref().map_or_else(|| otherwise.to_owned(), ToString::to_string)
}

fn repeated(stream: &Stream) -> Option<String> {
    let names: Vec<_> = stream.partitions.names().collect();
    let partitions = (!names.is_empty()).then(|| match stream.partitions.count() {
        1 => format!("partition ({})", names.join(", ")),
        count => format!("of {count} partitions ({})", names.join(", ")),
    });
    let parent = stream.parent.as_ref().map(|parent| {
        let which = if parent.conditions.is_empty() { "" } else { " that passes `where`" };
        let which = match parent.full_every {
            None => which.to_owned(),
            Some(every) => format!(
                "{which}{} that is new or has changed since the last run (every {} each of them)",
                if which.is_empty() { "" } else { " and" },
                shown(every)
            ),
        };
        match &parent.batch {
            Some(batch) => format!("{} records, at most, of {}{which}", batch.size, parent.stream),
            None => format!("record of {}{which}", parent.stream),
        }
    });
    Some(match (partitions, parent) {
        (None, None) => return None,
        (Some(partitions), None) => format!("Once for each {partitions}."),
        (None, Some(parent)) => format!("Once for each {parent}."),
        (Some(partitions), Some(parent)) => format!("Once for each {partitions} and each {parent}."),
    })
}

fn stretch(settings: &Incremental) -> String {
    let start = match &settings.start {
        None => "the oldest record".to_owned(),
        Some(Start::Time(time)) => time.to_string(),
        Some(Start::Value(value)) => value.clone(),
    };
    let asked = if settings.is_asked_from {
        format!("The first run asks from {start} on")
    } else {
        "Every run asks for everything and leaves out what is older than its mark".to_owned()
    };
    let settle = (!settings.settle.is_zero()).then(|| format!("up to {} before now", shown(settings.settle)));
    let window = settings.window.map(|window| format!("in windows of {window}"));
    [Some(asked), settle, window].into_iter().flatten().collect::<Vec<_>>().join(", ") + "."
}

fn own_end(stream: &Stream) -> String {
    let pagination = &stream.pagination;
    let total = pagination.total.is_some();
    match &pagination.kind {
        Kind::None if stream.job.as_ref().is_some_and(|job| job.file.is_some()) => {
            "after the last file".to_owned()
        }
        Kind::None => "after one page".to_owned(),
        Kind::Cursor { next, .. } | Kind::NextUrl { next } => format!("when nothing stands at {next}"),
        Kind::LinkHeader { rel } => format!("when there is no link {rel}"),
        Kind::Page { total_pages: Some(at), .. } => format!("after as many pages as {at} states"),
        Kind::Offset { .. } if total => {
            "at an empty page, or a page that is not full and reaches the total".to_owned()
        }
        Kind::Offset { .. } | Kind::Page { total_pages: None, .. } => "at an empty page".to_owned(),
    }
}

fn held(total: &Total) -> String {
    let below = match total.tolerance {
        Tolerance::Records(0) => String::new(),
        Tolerance::Records(records) => format!(", less {records},"),
        Tolerance::Percent(share) => format!(", less {share} %,"),
    };
    format!("Fewer records than {} states{below} are an error.", total.at)
}

fn mark(stream: &Stream) -> String {
    let Some(settings) = &stream.incremental else { return mark_of_others(stream) };
    let each = match stream.partitions.count() {
        1 => "",
        2..=MOST_MARKS => " of each partition",
        _ => " of all partitions together",
    };
    let lookback = (!settings.lookback.is_zero()).then(|| shown(settings.lookback));
    if settings.windows_only {
        let again = lookback.map(|lookback| format!(" and loads those of the last {lookback} again"));
        return format!(
            "The mark is the end of the newest window{each}; the next run begins there{}.",
            again.unwrap_or_default()
        );
    }
    let lookback = lookback.map(|lookback| format!(", {lookback} earlier")).unwrap_or_default();
    let window =
        if settings.window.is_some() { ", or the beginning of the last window if that is later" } else { "" };
    format!(
        "The mark is the newest `{}`{each}{window}; the next run begins there{lookback}.",
        settings.cursor
    )
}

/// What the next run of a stream without a cursor of its own begins with.
fn mark_of_others(stream: &Stream) -> String {
    if let Some(token) = &stream.pagination.sync_token {
        let sent = match &token.to {
            Target::Url => "as its first URL".to_owned(),
            to => format!("as {to}"),
        };
        return format!(
            "The mark is the token at {} of the last page; the next run sends it {sent} and reads what has changed.",
            token.from
        );
    }
    match stream.parent.as_ref().filter(|parent| parent.full_every.is_some()) {
        Some(parent) => format!("The mark is how far {} has been read.", parent.stream),
        None => "There is no mark: each run reads all there is.".to_owned(),
    }
}

fn holds(condition: &Condition) -> String {
    let at = &condition.at;
    match &condition.test {
        Test::Equals(value) => format!("{at} is {value}"),
        Test::Exists(true) => format!("{at} is there"),
        Test::Exists(false) => format!("{at} is not there"),
        Test::Over(number) => format!("{at} is over {number}"),
    }
}

fn shown(time: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    if !time.is_zero() && time == Duration::from_secs(time.as_secs() / DAY * DAY) {
        return format!("{}d", time.as_secs() / DAY);
    }
    jiff::SignedDuration::try_from(time).map_or_else(|_| format!("{time:?}"), |time| format!("{time:#}"))
}
