//! `airbyte`: more than a hundred streams of a manifest, read with Airbyte's own runner and with what `import` makes of it, from
//! the same API. Both have to bring the same records.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use bronzegate_core::report::Status;
use bronzegate_demo_api::{DemoApi, Options, Shape, Stream, Style};
use bronzegate_scaffold::airbyte;
use bronzegate_tests::{Bench, repository};
use serde_json::value::RawValue;

use super::{Outcome, output};

/// A way to page, as the demo API plays it and as a manifest says it.
struct Way {
    name: &'static str,
    style: Style,
    /// Where the records are.
    records: &'static str,
    /// Members of the requester.
    requester: &'static str,
    /// Members of the retriever; `SIZE` is the page size.
    retriever: &'static str,
}

const LIMIT: &str =
    "page_size_option: { type: RequestOption, inject_into: request_parameter, field_name: limit }";

const WAYS: [Way; 21] = [
    Way {
        name: "cursor",
        style: Style::Cursor,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: after }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('paging', {}).get('next', {}).get('after') }}\", stop_condition: \"{{ not response.get('paging', {}).get('next') }}\" } }",
    },
    Way {
        name: "offset",
        style: Style::Offset,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: offset }, pagination_strategy: { type: OffsetIncrement, page_size: SIZE } }",
    },
    Way {
        name: "unsized_offset",
        style: Style::Offset,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: offset }, pagination_strategy: { type: OffsetIncrement } }",
    },
    Way {
        name: "computed_offset",
        style: Style::Offset,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: offset }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.offset + SIZE }}\", stop_condition: \"{{ response.offset + SIZE >= response.total }}\" } }",
    },
    Way {
        name: "page",
        style: Style::Page,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }, pagination_strategy: { type: PageIncrement, page_size: SIZE, start_from_page: 1, inject_on_first_request: true } }",
    },
    Way {
        name: "silent_first_page",
        style: Style::Page,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }, pagination_strategy: { type: PageIncrement, page_size: SIZE, start_from_page: 1 } }",
    },
    Way {
        name: "computed_page",
        style: Style::Page,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.page + 1 }}\", stop_condition: \"{{ response.page >= response.total_pages }}\" } }",
    },
    Way {
        name: "link",
        style: Style::LinkHeader,
        records: "",
        requester: "request_parameters: { state: \"{{ 'all' if not next_page_token else '' }}\" }",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ headers['link']['next']['url'] }}\", stop_condition: \"{{ 'next' not in headers['link'] }}\" } }",
    },
    Way {
        name: "next_url",
        style: Style::NextUrl,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.next }}\", stop_condition: \"{{ response.next is none }}\" } }",
    },
    Way {
        name: "last_id",
        style: Style::Stripe,
        records: "data",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: starting_after }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ last_record['id'] }}\", stop_condition: \"{{ not response.has_more }}\" } }",
    },
    Way {
        name: "empty_cursor",
        style: Style::Slack,
        records: "NAME",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response['response_metadata']['next_cursor'] }}\", stop_condition: \"{{ response.response_metadata.next_cursor == '' }}\" } }",
    },
    Way {
        name: "flag",
        style: Style::Jira,
        records: "issues",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, MAX_RESULTS, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: nextPageToken }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('nextPageToken') }}\", stop_condition: \"{{ response.isLast }}\" } }",
    },
    Way {
        name: "body",
        style: Style::Notion,
        records: "results",
        requester: "http_method: POST\n        request_headers: { Notion-Version: \"2022-06-28\" }\n        request_body_json: { sort: { by: id } }",
        retriever: "paginator: { type: DefaultPaginator, page_size_option: { type: RequestOption, inject_into: body_json, field_name: page_size }, page_token_option: { type: RequestOption, inject_into: body_json, field_name: start_cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.next_cursor }}\", stop_condition: \"{{ response.has_more == false }}\" } }",
    },
    Way {
        name: "odata",
        style: Style::Graph,
        records: "value",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, TOP, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response['@odata.nextLink'] }}\", stop_condition: \"{{ '@odata.nextLink' not in response }}\" } }",
    },
    Way {
        name: "cut_url",
        style: Style::NextUrl,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.next | regex_search('cursor=([^&]+)') }}\", stop_condition: \"{{ response.next is none }}\" } }",
    },
    Way {
        name: "split_url",
        style: Style::NextUrl,
        records: "results",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('next', '').split('cursor=')[-1].split('&')[0] if response.next else '' }}\", stop_condition: \"{{ not response.next }}\" } }",
    },
    Way {
        name: "quoted_cursor",
        style: Style::Notion,
        records: "results",
        requester: "http_method: POST\n        request_headers: { Notion-Version: \"2022-06-28\" }",
        retriever: "paginator: { type: DefaultPaginator, page_size_option: { type: RequestOption, inject_into: body_json, field_name: page_size }, page_token_option: { type: RequestOption, inject_into: body_json, field_name: start_cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('next_cursor') | tojson }}\", stop_condition: \"{{ not response.next_cursor }}\" } }",
    },
    Way {
        name: "raw_link",
        style: Style::LinkHeader,
        records: "",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ headers.get('Link', {}).split(';')[0][1:-1] }}\", stop_condition: \"{{ not headers.get('Link', {}) or 'next' not in headers.get('Link', {}) }}\" } }",
    },
    Way {
        name: "empty_page",
        style: Style::Stripe,
        records: "data",
        requester: "",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: starting_after }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ last_record['id'] }}\", stop_condition: \"{{ response.get('data') | length == 0 }}\" } }",
    },
    Way {
        name: "partitions",
        style: Style::Single,
        records: "results",
        requester: "",
        retriever: "partition_router: { type: ListPartitionRouter, cursor_field: region, values: [eu, us, ap], request_option: { type: RequestOption, inject_into: request_parameter, field_name: region } }",
    },
    Way {
        name: "children",
        style: Style::Single,
        records: "results",
        requester: "request_parameters: { parent: \"{{ stream_partition.parent_id }}\" }",
        retriever: "partition_router: { type: SubstreamPartitionRouter, parent_stream_configs: [{ parent_key: id, partition_field: parent_id, stream: { $ref: \"#/definitions/parents\" } }] }",
    },
];

/// Records of a stream, and records of its pages.
const SIZES: [(u64, u64); 8] = [(0, 10), (1, 10), (9, 10), (10, 10), (11, 10), (30, 10), (47, 10), (47, 7)];

/// How many records the parents' list has.
const PARENTS: u64 = 3;

/// Reads all of them with both, and tells where they differ.
pub(super) fn run(python: &str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(compare(python))
}

async fn compare(python: &str) -> Outcome {
    let mut streams = vec![Stream::new("parents", Style::Single, Shape::Small, PARENTS)];
    for way in &WAYS {
        for (records, size) in SIZES {
            streams.push(Stream::new(name(way, records, size), way.style, Shape::Small, records));
        }
    }
    let api = DemoApi::start(Options { seed: 7, streams, ..Options::default() }).await?;
    let manifest = manifest(&api.base_url());
    let folder = tempfile::tempdir()?;
    let (manifest_path, config_path) =
        (folder.path().join("manifest.yaml"), folder.path().join("config.json"));
    std::fs::write(&manifest_path, &manifest)?;
    std::fs::write(&config_path, "{}")?;
    let theirs = read(python, &manifest_path, &config_path)?;
    let options = airbyte::Options { name: "demo".to_owned(), ..airbyte::Options::default() };
    let report = airbyte::import(&manifest, &options, "2026-11-22T17:00:00Z".parse()?)?;
    let [source] = report.sources.as_slice() else {
        return Err(format!("not one source file\n{report}").into());
    };
    let bench = Bench::over(api, "demo", source.text.clone());
    let (mut same, mut differing) = (BTreeMap::<String, u32>::new(), Vec::new());
    for stream in &report.streams {
        let Some(place) = &stream.stream else {
            differing.push(format!("{}: {:?}", stream.name, stream.refused));
            continue;
        };
        let own = place.trim_start_matches("demo/");
        let run = bench.run(own).await;
        let mut ours: Vec<_> =
            bench.records(own).iter().map(|record| canonical(record)).collect::<Result<_, _>>()?;
        ours.sort();
        let mut wanted = theirs.get(&stream.name).cloned().unwrap_or_default();
        wanted.sort();
        if run.status == Status::Complete && ours == wanted {
            *same.entry(way_of(&stream.name).to_owned()).or_default() += 1;
        } else {
            let first = ours.iter().zip(&wanted).find(|(ours, wanted)| ours != wanted);
            differing.push(format!(
                "{}: {} records here, {} there; {:?}; {first:?}",
                stream.name,
                ours.len(),
                wanted.len(),
                run.error
            ));
        }
    }
    output::say("| way | streams that bring the same records |\n|---|---|");
    for way in &WAYS {
        output::say(&format!("| {} | {} of {} |", way.name, same.get(way.name).unwrap_or(&0), SIZES.len()));
    }
    let count: u32 = same.values().sum();
    output::say(&format!("{count} streams bring the same records, {} differ", differing.len()));
    if differing.is_empty() { Ok(()) } else { Err(differing.join("\n").into()) }
}

fn name(way: &Way, records: u64, size: u64) -> String {
    format!("{}_{records}_{size}", way.name)
}

/// The way of a stream's name.
fn way_of(name: &str) -> &str {
    name.rsplitn(3, '_').nth(2).unwrap_or(name)
}

fn manifest(base_url: &str) -> String {
    let mut text = format!(
        "version: 6.0.0\ntype: DeclarativeSource\ncheck: {{ type: CheckStream, stream_names: [offset_1_10] }}\ndefinitions:\n  parents:\n    type: DeclarativeStream\n    name: parents\n    \
         retriever:\n      type: SimpleRetriever\n      requester: {{ type: HttpRequester, url_base: \"{base_url}\", path: /parents }}\n      record_selector: {{ type: RecordSelector, \
         extractor: {{ type: DpathExtractor, field_path: [results] }} }}\n    schema_loader: {{ type: InlineSchemaLoader, schema: {{ type: object, properties: {{}} }} }}\nstreams:\n"
    );
    for way in &WAYS {
        for (records, size) in SIZES {
            let name = name(way, records, size);
            let path = way.records.replace("NAME", &name);
            let option = |field: &str| LIMIT.replace("limit", field);
            let retriever = way
                .retriever
                .replace("PER_PAGE", &option("per_page"))
                .replace("MAX_RESULTS", &option("maxResults"));
            let retriever = retriever
                .replace("TOP", &option("$top"))
                .replace("LIMIT", LIMIT)
                .replace("SIZE", &size.to_string());
            let _ = write!(
                text,
                "  - type: DeclarativeStream\n    name: {name}\n    retriever:\n      type: SimpleRetriever\n      {retriever}\n      record_selector: {{ type: RecordSelector, extractor: {{ type: DpathExtractor, field_path: [{path}] }} }}\n      \
                 requester:\n        type: HttpRequester\n        url_base: \"{base_url}\"\n        path: /{name}\n        {}\n    schema_loader: {{ type: InlineSchemaLoader, schema: {{ type: object, properties: {{}} }} }}\n",
                way.requester
            );
        }
    }
    text
}

/// The records of each stream as Airbyte's runner brings them.
fn read(
    python: &str,
    manifest: &Path,
    config: &Path,
) -> Result<BTreeMap<String, Vec<String>>, Box<dyn std::error::Error>> {
    let script = repository().join("tests/python/airbyte_read.py");
    let read = Command::new(python).arg(script).arg(manifest).arg(config).output()?;
    if !read.status.success() {
        return Err(format!("Airbyte's runner failed: {}", String::from_utf8_lossy(&read.stderr)).into());
    }
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in String::from_utf8(read.stdout)?.lines().filter(|line| line.starts_with('{')) {
        let message: BTreeMap<&str, &RawValue> = serde_json::from_str(line)?;
        let name: String = message
            .get("stream")
            .map(|name| serde_json::from_str(name.get()))
            .transpose()?
            .unwrap_or_default();
        if let Some(error) = message.get("error") {
            output::warn(&format!("{name}: {error}"));
        } else if let Some(data) = message.get("data") {
            streams.entry(name).or_default().push(canonical(data.get())?);
        }
    }
    Ok(streams)
}

/// A record whose members are in the order of their names, without what bronze adds for branches. Numbers are compared as
/// Airbyte's runner can carry them: whole ones of 64 bits by their digits, all others as the double next to them, which is what
/// its parser (orjson) makes of them.
fn canonical(record: &str) -> Result<String, serde_json::Error> {
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(record)?;
    members.retain(|name, _| !name.starts_with("_parent_") && !name.starts_with("_partition_"));
    object(&members)
}

fn object(members: &BTreeMap<String, &RawValue>) -> Result<String, serde_json::Error> {
    let members = members.iter().map(|(name, value)| Ok(format!("{name:?}:{}", plain(value)?)));
    Ok(format!("{{{}}}", members.collect::<Result<Vec<_>, serde_json::Error>>()?.join(",")))
}

fn plain(value: &RawValue) -> Result<String, serde_json::Error> {
    let text = value.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => object(&serde_json::from_str(text)?)?,
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items = items.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?;
            format!("[{}]", items.join(","))
        }
        Some(b'"') => format!("{:?}", serde_json::from_str::<String>(text)?),
        Some(b't' | b'f' | b'n') | None => text.to_owned(),
        Some(_) => match (text.parse::<i64>(), text.parse::<u64>()) {
            (Err(_), Err(_)) => format!("{:?}", text.parse::<f64>().unwrap_or(f64::NAN)),
            _ => text.to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_a_double_carries_them_and_whole_ones_by_their_digits() {
        let same = |one: &str, other: &str| canonical(one).unwrap() == canonical(other).unwrap();
        assert!(same(r#"{"b":1.10,"a":[0.1234567890123456789]}"#, r#"{"a":[0.12345678901234568],"b":1.1}"#));
        assert!(same(r#"{"a":123456789012345678901}"#, r#"{"a":1.2345678901234568e+20}"#));
        assert!(same(r#"{"a":"\u00e9","_parent_id":1}"#, "{\"a\":\"é\"}"));
        assert!(!same(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#));
        assert!(!same(r#"{"a":0.12345678901234568}"#, r#"{"a":0.12345678901234566}"#));
        assert!(!same(r#"{"a":"1"}"#, r#"{"a":1}"#));
    }
}
