use std::time::Duration;

use crate::config::*;

const SUBMIT: &str = "submit: { path: /jobs, id: { body: id } }";
const POLL: &str = "poll: { path: '/jobs/{{ job.id }}', done: { at: { body: state }, equals: done } }";

/// A file with one stream of these keys.
fn read(keys: &str) -> Result<Source, Vec<String>> {
    let text = format!(
        "source: x\nbase_url: https://x.example\nparams: {{ v: 1 }}\nstreams: {{ s: {{ records: $, {keys} }} }}"
    );
    parse("x.yaml", &text).map_err(|problems| problems.as_slice().iter().map(ToString::to_string).collect())
}

fn job(keys: &str) -> Job {
    read(keys).unwrap_or_else(|problems| panic!("{problems:#?}")).streams[0].job.clone().unwrap()
}

#[test]
fn every_key_is_read_and_has_its_default() {
    let short = job(&format!("path: '/jobs/{{{{ job.id }}}}/rows', job: {{ {SUBMIT}, {POLL} }}"));
    assert_eq!((short.submit.method, short.poll.as_ref().unwrap().method), (Method::Post, Method::Get));
    assert_eq!((short.submit.body, short.submit.params.len()), (None, 1));
    let seconds = Duration::from_secs;
    assert_eq!((short.every, short.max, short.timeout), (seconds(5), seconds(60), seconds(3600)));
    assert_eq!((short.failed.len(), short.message, short.file), (0, None, None));
    let long = job("job: { submit: { path: /jobs, method: GET, params: { q: 1 }, id: { header: X-Job } }, \
         poll: { path: /jobs, method: POST, body: { id: '{{ job.id }}' }, every: 1s, max: 2s, timeout: 5m, \
         done: [{ at: { status: true }, equals: 200 }, { at: { body: s }, equals: done }], \
         failed: { at: { body: e }, exists: true }, message: { body: e } }, download: { url: { body: file } } }");
    assert_eq!((long.submit.params.len(), long.done.len(), long.failed.len()), (2, 2, 1));
    assert_eq!((long.every, long.max, long.timeout), (seconds(1), seconds(2), seconds(300)));
    assert_eq!(long.file, Some(Address::Body("file".parse().unwrap())));
}

#[test]
fn a_job_may_have_several_steps() {
    let steps = job(
        "path: '/documents/{{ job.document }}', job: { submit: { path: /jobs, id: { body: id } }, \
         start: [{ path: '/jobs/{{ job.id }}/go' }], \
         poll: { path: '/jobs/{{ job.id }}', done: { at: { body: s }, equals: d }, carry: { document: { body: doc } } } }",
    );
    assert_eq!((steps.start.len(), steps.start[0].method), (1, Method::Post));
    assert_eq!(steps.carry, [("document".to_owned(), Address::Body("doc".parse().unwrap()))]);
    let named = job("job: { submit: { path: /jobs, url: { header: Content-Location } }, \
         poll: { done: { at: { status: true }, equals: 200 } }, download: { url: { body: output.*.url } } }");
    assert!(named.poll.is_none());
    assert_eq!(named.file, Some(Address::Body("output".parse().unwrap())));
    assert_eq!(named.each, Some(vec!["url".to_owned()]));
    let by_id = "submit: { path: /jobs, id: { body: id } }";
    let by_url = "submit: { path: /jobs, url: { body: u } }";
    let done = "done: { at: { body: s }, equals: d }";
    for (keys, part) in [
        (
            format!("path: /r, job: {{ submit: {{ path: /j }}, poll: {{ {done} }} }}"),
            "exactly one of id and url",
        ),
        (format!("path: /r, job: {{ {by_id}, poll: {{ {done} }} }}"), "poll.path: this key is missing"),
        (
            format!("path: /r, job: {{ {by_url}, poll: {{ path: /j, {done} }} }}"),
            "means nothing beside submit.url",
        ),
        (
            format!("path: '/r/{{{{ job.doc }}}}', job: {{ {by_id}, {POLL} }}"),
            "\"job.doc\" has no value here",
        ),
        (
            format!("path: /r, job: {{ {by_id}, start: [{{ path: '/{{{{ job.doc }}}}' }}], {POLL} }}"),
            "\"job.doc\" has no value here",
        ),
        (
            format!(
                "job: {{ {by_id}, {POLL}, resolve: {{ path: /d, url: {{ body: u }} }}, download: {{ url: {{ body: f }} }} }}"
            ),
            "means nothing beside resolve",
        ),
        (
            format!("path: /r, job: {{ {by_url}, poll: {{ {done}, carry: {{ id: {{ body: x }} }} }} }}"),
            "is not a name that a template can use",
        ),
    ] {
        let told = read(&keys).unwrap_err();
        assert!(told.iter().any(|told| told.contains(part)), "{keys}\nwants: {part}\ngot: {told:#?}");
    }
}

#[test]
fn a_window_goes_into_the_submission() {
    for (window, body) in
        [("from: { body: since }", ""), ("start: 2024-01-01", ", body: { q: '{{ window.from }}' }")]
    {
        let keys = format!(
            "path: '/jobs/{{{{ job.id }}}}', job: {{ submit: {{ path: /jobs, id: {{ body: id }}{body} }}, {POLL} }}, \
             incremental: {{ cursor: u, format: rfc3339, {window} }}"
        );
        assert!(job(&keys).submit.body.is_some());
    }
}

#[test]
fn what_does_not_fit_together_is_told() {
    let path = "path: /rows";
    for (keys, part) in [
        (format!("job: {{ {SUBMIT}, {POLL} }}"), "path: this key is missing"),
        ("format: csv".to_owned(), "path: this key is missing"),
        (format!("{path}, job: {{ {SUBMIT} }}"), "poll: this key is missing"),
        (
            format!("{path}, job: {{ {SUBMIT}, {POLL}, retry: 1 }}"),
            "known keys: submit, start, poll, resolve, download",
        ),
        (
            format!("{path}, job: {{ {SUBMIT}, {POLL}, download: {{ url: {{ body: f }} }} }}"),
            "means nothing beside job.download",
        ),
        (
            format!("method: POST, job: {{ {SUBMIT}, {POLL}, download: {{ url: {{ body: f }} }} }}"),
            "the URL that a job names is read with GET",
        ),
        (
            format!(
                "{path}, job: {{ {SUBMIT}, poll: {{ path: /jobs, done: {{ at: {{ body: s }}, equals: 1 }} }} }}"
            ),
            "nothing in the poll says which job",
        ),
        (
            format!(
                "{path}, job: {{ submit: {{ path: '/jobs/{{{{ job.id }}}}', id: {{ body: id }} }}, {POLL} }}"
            ),
            "has no value before the job is submitted",
        ),
        (
            format!(
                "{path}, job: {{ submit: {{ path: '/jobs/{{{{ cursor }}}}', id: {{ body: id }} }}, {POLL} }}"
            ),
            "only pagination of type cursor gives one",
        ),
        (
            format!(
                "{path}, job: {{ submit: {{ path: /jobs, params: {{ f: '{{{{ window.from }}}}' }}, id: {{ body: id }} }}, {POLL} }}"
            ),
            "has no value without incremental",
        ),
        (
            format!("{path}, job: {{ submit: {{ path: /jobs, id: {{ status: true }} }}, {POLL} }}"),
            "write { body: … } or { header: … }",
        ),
        ("path: '/rows/{{ job.id }}'".to_owned(), "has no value without job"),
    ] {
        let found = read(&keys).expect_err(&keys);
        assert!(found.iter().any(|message| message.contains(part)), "{keys}\nwants: {part}\ngot: {found:#?}");
    }
}
