use super::mistakes::{messages, none, one};
use crate::config::*;

/// A file with the streams `projects` and `tasks`; these are the keys of `tasks`.
fn children(keys: &str) -> Vec<String> {
    let mut text = "source: x\nbase_url: https://x.example\nstreams:\n  projects: { path: /projects, records: items }\n  tasks:\n    records: items\n".to_owned();
    for line in keys.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    messages(&text)
}

#[track_caller]
fn refused(keys: &str, part: &str) {
    let found = children(keys);
    assert!(found.len() == 1 && found[0].contains(part), "{keys}\nwants: {part}\ngot: {found:#?}");
}

#[test]
fn partitions_and_parents_are_read() {
    let text = "source: x\nbase_url: https://x.example\nstreams:\n  projects: { path: /projects, records: items }\n  tasks:\n    path: /{{ partition.region }}/projects/{{ parent.owner.login }}/{{ parent.id }}/tasks\n    records: items\n    params: { year: '{{ partition.year }}' }\n    partitions: { region: [eu, us], year: [2025, 2026] }\n    parent: { stream: projects, fields: [id, owner.login], concurrency: 8 }\n    responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";
    let source = parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    let tasks = source.stream("tasks").unwrap();
    assert_eq!(
        (tasks.partitions.count(), tasks.partitions.combination(1)),
        (4, vec!["eu".into(), "2026".into()])
    );
    let parent = tasks.parent.as_ref().unwrap();
    assert_eq!((parent.stream.as_str(), parent.concurrency), ("projects", Some(8)));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let scope = Scope {
        job_id: None,
        clock: None,
        job_values: &[],
        vars: &source.vars,
        text_vars: &source.text_vars,
        cursor: None,
        is_cursor_bare: false,
        page: None,
        offset: None,
        window_from: None,
        window_to: None,
        run_time: None,
        partition: &[pair("region", "eu"), pair("year", "2026")],
        text_partitions: &[],
        parent: &[pair("id", "7/8"), pair("owner.login", "ann")],
        parent_json: &[pair("id", "\"7/8\""), pair("owner.login", "\"ann\"")],
    };
    assert_eq!(tasks.path.render(&scope).unwrap(), "/eu/projects/ann/7%2F8/tasks");
    assert_eq!(tasks.params[0].1[0].render(&scope).unwrap(), "2026");
}

#[test]
fn values_that_no_request_uses_would_bring_the_same_records_again() {
    one("partitions: { region: [eu, us] }", "partitions.region: \"region\" no request uses it");
    refused("path: /tasks\nparent: { stream: projects, fields: [id] }", "no request uses its fields");
    none("partitions: { region: [eu, us] }\nparams: { region: '{{ partition.region }}' }");
}

#[test]
fn names_that_nothing_gives_are_refused() {
    one("params: { r: '{{ partition.region }}' }", "\"partition.region\" has no value");
    one("params: { r: '{{ parent.id }}' }", "\"parent.id\" has no value");
    one(
        "params: { r: '{{ partition.regoin }}{{ partition.region }}' }\npartitions: { region: [eu] }",
        "did you mean \"region\"?",
    );
    refused(
        "path: /tasks/{{ parent.key }}{{ parent.id }}\nparent: { stream: projects, fields: [id] }",
        "\"parent.key\" has no value",
    );
    refused(
        "path: /tasks/{{ parent.id }}\nparent: { stream: project, fields: [id] }",
        "\"project\" is not a stream of this source; did you mean \"projects\"?",
    );
    refused(
        "path: /tasks/{{ parent.id }}\nparent: { stream: tasks, fields: [id] }",
        "parents above each other",
    );
    refused(
        "path: /tasks/{{ parent.id }}\nparent: { stream: projects, fields: [id, _parent_key] }",
        "nothing that projects gets from its partition or parent",
    );
}

#[test]
fn parents_may_be_batched_filtered_and_left_out_of_records() {
    let text = "source: x\nbase_url: https://x.example\nstreams:\n  projects: { path: '/projects/{{ partition.r }}', records: items, partitions: { r: [eu, us] } }\n  tasks:\n    path: /tasks\n    records: items\n    params: { ids: '{{ parent.id }}' }\n    branch_fields: none\n    parent: { stream: projects, fields: [id, _partition_r], where: { at: archived, equals: false }, batch: { size: 50, match: project.id } }";
    let source = parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    let tasks = source.stream("tasks").unwrap();
    let parent = tasks.parent.as_ref().unwrap();
    assert_eq!(parent.conditions[0].test, Test::Equals(false.into()));
    let owner = Some("project.id".parse().unwrap());
    assert_eq!(parent.batch, Some(Batch { size: 50, owner }));
    assert!(tasks.branch_members().is_empty());
    assert_eq!(source.stream("projects").unwrap().branch_members(), ["_partition_r"]);
    one("branch_fields: none", "the stream has neither");
    let parent = |keys: &str| {
        format!("path: '/tasks/{{{{ parent.id }}}}'\nparent: {{ stream: projects, fields: [id], {keys} }}")
    };
    for (keys, part) in [
        ("batch: { size: 1 }", "from 2 to 1,000"),
        ("batch: { match: id }", "size: this key is missing"),
        ("where: { at: a }", "exactly one of equals, exists, over"),
        ("where: [{ at: a, equals: 1 }, { at: '$', exists: true }]", "the path without $"),
    ] {
        refused(&parent(keys), part);
    }
    let skips = "responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";
    refused(&format!("{}\n{skips}", parent("batch: { size: 10 }")), "would leave out all parents of a batch");
    refused(
        "path: '/tasks/{{ parent.id }}'\nparent: { stream: projects, fields: [id, _partition_x] }",
        "nothing that projects gets from its partition or parent",
    );
}

#[test]
fn children_of_changed_parents_need_a_time_of_their_parents_and_a_turn_of_all() {
    let text = |above: &str, parent: &str, more: &str| {
        format!(
            "source: x\nbase_url: https://x.example\nstreams:\n  projects: {{ path: /projects, records: items{above} }}\n  tasks:\n    path: '/tasks/{{{{ parent.id }}}}'\n    records: items\n    parent: {{ stream: projects, fields: [id]{parent} }}{more}"
        )
    };
    let by_time = ", incremental: { cursor: at, format: rfc3339, from: { query: since } }";
    let changed = ", changed: true, full_every: 7d";
    let source = parse("x.yaml", &text(by_time, changed, "")).unwrap_or_else(|problems| panic!("{problems}"));
    let parent = source.stream("tasks").unwrap().parent.clone().unwrap();
    assert_eq!(parent.full_every, Some(std::time::Duration::from_hours(7 * 24)));
    let source = parse("x.yaml", &text(by_time, ", changed: false", "")).unwrap();
    assert_eq!(source.stream("tasks").unwrap().parent.as_ref().unwrap().full_every, None);
    let by_number = ", incremental: { cursor: id, format: integer, from: { query: since } }";
    let by_window = ", incremental: { windows_only: true, format: date, from: { query: f }, to: { query: t }, window: 1d, start: 2026-01-01 }";
    let own = "\n    incremental: { cursor: at, format: rfc3339, from: { query: since } }";
    for (above, parent, more, part) in [
        (by_time, ", changed: true", "", "needs to know how often all are read"),
        (by_time, ", full_every: 7d", "", "is for `changed: true`"),
        (by_time, ", changed: true, full_every: 0d", "", "a duration with its unit"),
        (
            "",
            changed,
            "",
            "\"projects\" has no `incremental`, so nothing tells which of its records have changed",
        ),
        (by_number, changed, "", "a cursor that is no time"),
        (by_window, changed, "", "carry no time"),
        (by_time, changed, own, "does not go with `changed` of the parent"),
    ] {
        let found = messages(&text(above, parent, more));
        assert!(found.len() == 1 && found[0].contains(part), "{above}{parent}{more}\n{found:#?}");
    }
}

#[test]
fn values_are_checked() {
    let used = "params: { a: '{{ partition.a }}' }\n";
    one(&format!("{used}partitions: {{ a: [] }}"), "at least one value");
    one(&format!("{used}partitions: {{ a: [x, y, x] }}"), "\"x\" is given twice");
    one(&format!("{used}partitions: {{ a: ['{{{{ vars.x }}}}'] }}"), "is plain text");
    one(&format!("{used}partitions: {{ a: [''] }}"), "cannot be empty");
    one("partitions: { a-b: [x] }", "is not a name that a template can use");
    refused("path: /{{ parent.id }}\nparent: { stream: projects, fields: [id], missing: keep }", "\"keep\"");
    refused("path: /tasks\nparent: { stream: projects, fields: [] }", "at least one field");
    refused("path: /{{ parent.a_b }}\nparent: { stream: projects, fields: [a.b, a_b] }", "_parent_a_b twice");
    refused(
        "path: /{{ parent.id }}\nparent: { stream: projects, fields: [id], concurrency: 65 }",
        "from 1 to 64",
    );
}

#[test]
fn what_needs_branches_or_cannot_have_them_is_refused() {
    one("responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]", "the stream has neither");
    let counted = |values: &str| {
        format!(
            "params: {{ r: '{{{{ partition.r }}}}' }}\npartitions: {{ r: [{values}] }}\nincremental: {{ cursor: id, format: integer, from: {{ query: since }} }}"
        )
    };
    none(&counted("eu, us"));
    let values: Vec<String> = (0..1_001).map(|value| value.to_string()).collect();
    none(&counted(&values[1..].join(", ")));
    one(&counted(&values.join(", ")), "a cursor that is no time");
    none(
        "params: { r: '{{ partition.r }}' }\npartitions: { r: [eu, us] }\nincremental: { cursor: at, format: rfc3339, from: { query: since } }",
    );
}
