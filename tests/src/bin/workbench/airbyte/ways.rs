//! Ways to read a list, as the demo API plays them and as a manifest says them.

use bronzegate_demo_api::{
    Asked, By, Grain, Layout, Quirks, Said, Shape, Stream, Style, TimeFormat, Timeline,
};
use serde_json::json;

/// A way to read a list.
pub(super) struct Way {
    pub(super) name: &'static str,
    style: Style,
    /// What else the API does.
    played: fn(Stream) -> Stream,
    /// Where the records are.
    pub(super) records: &'static str,
    /// Members of the requester.
    pub(super) requester: &'static str,
    /// Members of the retriever; `SIZE` is the page size.
    retriever: &'static str,
    /// Members of the stream.
    pub(super) stream: &'static str,
}

impl Way {
    /// A list of so many records, as the API serves it.
    pub(super) fn list(&self, name: String, records: u64) -> Stream {
        (self.played)(Stream::new(name, self.style, Shape::Small, records))
    }

    /// The members of the retriever for pages of this size.
    pub(super) fn retriever(&self, size: u64) -> String {
        let option = |field: &str| LIMIT.replace("limit", field);
        self.retriever
            .replace("PER_PAGE", &option("per_page"))
            .replace("MAX_RESULTS", &option("maxResults"))
            .replace("TOP", &option("$top"))
            .replace("LIMIT", LIMIT)
            .replace("SIZE", &size.to_string())
    }
}

const LIMIT: &str =
    "page_size_option: { type: RequestOption, inject_into: request_parameter, field_name: limit }";

const OFFSET: &str = "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: offset }, pagination_strategy: { type: OffsetIncrement, page_size: SIZE } }";

/// One page, as its style has it.
const PLAIN: Way = Way {
    name: "",
    style: Style::Single,
    played: |stream| stream,
    records: "results",
    requester: "",
    retriever: "",
    stream: "",
};

pub(super) const WAYS: [Way; 25] = [
    Way {
        name: "cursor",
        style: Style::Cursor,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: after }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('paging', {}).get('next', {}).get('after') }}\", stop_condition: \"{{ not response.get('paging', {}).get('next') }}\" } }",
        ..PLAIN
    },
    Way { name: "offset", style: Style::Offset, records: "results", retriever: OFFSET, ..PLAIN },
    Way {
        name: "unsized_offset",
        style: Style::Offset,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: offset }, pagination_strategy: { type: OffsetIncrement } }",
        ..PLAIN
    },
    Way {
        name: "computed_offset",
        style: Style::Offset,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: offset }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.offset + SIZE }}\", stop_condition: \"{{ response.offset + SIZE >= response.total }}\" } }",
        ..PLAIN
    },
    Way {
        name: "page",
        style: Style::Page,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }, pagination_strategy: { type: PageIncrement, page_size: SIZE, start_from_page: 1, inject_on_first_request: true } }",
        ..PLAIN
    },
    Way {
        name: "silent_first_page",
        style: Style::Page,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }, pagination_strategy: { type: PageIncrement, page_size: SIZE, start_from_page: 1 } }",
        ..PLAIN
    },
    Way {
        name: "computed_page",
        style: Style::Page,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.page + 1 }}\", stop_condition: \"{{ response.page >= response.total_pages }}\" } }",
        ..PLAIN
    },
    Way {
        name: "link",
        style: Style::LinkHeader,
        records: "",
        requester: "request_parameters: { state: \"{{ 'all' if not next_page_token else '' }}\" }",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ headers['link']['next']['url'] }}\", stop_condition: \"{{ 'next' not in headers['link'] }}\" } }",
        ..PLAIN
    },
    Way {
        name: "next_url",
        style: Style::NextUrl,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.next }}\", stop_condition: \"{{ response.next is none }}\" } }",
        ..PLAIN
    },
    Way {
        name: "last_id",
        style: Style::Stripe,
        records: "data",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: starting_after }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ last_record['id'] }}\", stop_condition: \"{{ not response.has_more }}\" } }",
        ..PLAIN
    },
    Way {
        name: "empty_cursor",
        style: Style::Slack,
        records: "NAME",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response['response_metadata']['next_cursor'] }}\", stop_condition: \"{{ response.response_metadata.next_cursor == '' }}\" } }",
        ..PLAIN
    },
    Way {
        name: "flag",
        style: Style::Jira,
        records: "issues",
        retriever: "paginator: { type: DefaultPaginator, MAX_RESULTS, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: nextPageToken }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('nextPageToken') }}\", stop_condition: \"{{ response.isLast }}\" } }",
        ..PLAIN
    },
    Way {
        name: "body",
        style: Style::Notion,
        records: "results",
        requester: "http_method: POST\n        request_headers: { Notion-Version: \"2022-06-28\" }\n        request_body_json: { sort: { by: id } }",
        retriever: "paginator: { type: DefaultPaginator, page_size_option: { type: RequestOption, inject_into: body_json, field_name: page_size }, page_token_option: { type: RequestOption, inject_into: body_json, field_name: start_cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.next_cursor }}\", stop_condition: \"{{ response.has_more == false }}\" } }",
        ..PLAIN
    },
    Way {
        name: "odata",
        style: Style::Graph,
        records: "value",
        retriever: "paginator: { type: DefaultPaginator, TOP, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response['@odata.nextLink'] }}\", stop_condition: \"{{ '@odata.nextLink' not in response }}\" } }",
        ..PLAIN
    },
    Way {
        name: "cut_url",
        style: Style::NextUrl,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.next | regex_search('cursor=([^&]+)') }}\", stop_condition: \"{{ response.next is none }}\" } }",
        ..PLAIN
    },
    Way {
        name: "split_url",
        style: Style::NextUrl,
        records: "results",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('next', '').split('cursor=')[-1].split('&')[0] if response.next else '' }}\", stop_condition: \"{{ not response.next }}\" } }",
        ..PLAIN
    },
    Way {
        name: "quoted_cursor",
        style: Style::Notion,
        records: "results",
        requester: "http_method: POST\n        request_headers: { Notion-Version: \"2022-06-28\" }",
        retriever: "paginator: { type: DefaultPaginator, page_size_option: { type: RequestOption, inject_into: body_json, field_name: page_size }, page_token_option: { type: RequestOption, inject_into: body_json, field_name: start_cursor }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ response.get('next_cursor') | tojson }}\", stop_condition: \"{{ not response.next_cursor }}\" } }",
        ..PLAIN
    },
    Way {
        name: "raw_link",
        style: Style::Layout,
        played: with_next_link_alone,
        records: "",
        retriever: "paginator: { type: DefaultPaginator, PER_PAGE, page_token_option: { type: RequestPath }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ headers.get('Link', {}).split(';')[0][1:-1] }}\", stop_condition: \"{{ not headers.get('Link', {}) or 'next' not in headers.get('Link', {}) }}\" } }",
        ..PLAIN
    },
    Way {
        name: "empty_page",
        style: Style::Stripe,
        records: "data",
        retriever: "paginator: { type: DefaultPaginator, LIMIT, page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: starting_after }, pagination_strategy: { type: CursorPagination, page_size: SIZE, cursor_value: \"{{ last_record['id'] }}\", stop_condition: \"{{ response.get('data') | length == 0 }}\" } }",
        ..PLAIN
    },
    Way {
        name: "partitions",
        style: Style::Single,
        records: "results",
        retriever: "partition_router: { type: ListPartitionRouter, cursor_field: region, values: [eu, us, ap], request_option: { type: RequestOption, inject_into: request_parameter, field_name: region } }",
        ..PLAIN
    },
    Way {
        name: "children",
        style: Style::Single,
        records: "results",
        requester: "request_parameters: { parent: \"{{ stream_partition.parent_id }}\" }",
        retriever: "partition_router: { type: SubstreamPartitionRouter, parent_stream_configs: [{ parent_key: id, partition_field: parent_id, stream: { $ref: \"#/definitions/parents\" } }] }",
        ..PLAIN
    },
    Way {
        name: "since",
        style: Style::Offset,
        played: |stream| since(stream, TimeFormat::Rfc3339),
        retriever: OFFSET,
        stream: "incremental_sync: { type: DatetimeBasedCursor, cursor_field: at, datetime_format: \"%Y-%m-%dT%H:%M:%SZ\", start_datetime: \"2024-01-03T00:00:00Z\", start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: since } }",
        ..PLAIN
    },
    Way {
        name: "windows",
        style: Style::Offset,
        played: |stream| between(stream, TimeFormat::Rfc3339),
        retriever: OFFSET,
        stream: "incremental_sync: { type: DatetimeBasedCursor, cursor_field: at, datetime_format: \"%Y-%m-%dT%H:%M:%SZ\", cursor_granularity: PT1S, step: P14D, start_datetime: \"2024-01-03T00:00:00Z\", start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: since }, end_time_option: { type: RequestOption, inject_into: request_parameter, field_name: until } }",
        ..PLAIN
    },
    Way {
        name: "windows_of_days",
        style: Style::Offset,
        played: between_days,
        requester: "request_parameters: { since: \"{{ stream_interval.start_time }}\", until: \"{{ stream_interval.end_time }}\" }",
        retriever: OFFSET,
        stream: "incremental_sync: { type: DatetimeBasedCursor, cursor_field: day, datetime_format: \"%Y-%m-%d\", cursor_granularity: P1D, step: P14D, start_datetime: \"2024-01-03\" }",
        ..PLAIN
    },
    Way {
        name: "windows_of_seconds",
        style: Style::Offset,
        played: |stream| between(stream, TimeFormat::EpochS),
        retriever: OFFSET,
        stream: "incremental_sync: { type: DatetimeBasedCursor, cursor_field: at, datetime_format: \"%s\", cursor_granularity: PT1S, step: P14D, start_datetime: { type: MinMaxDatetime, datetime: \"2024-01-03\", datetime_format: \"%Y-%m-%d\" }, start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: since }, end_time_option: { type: RequestOption, inject_into: request_parameter, field_name: until } }",
        ..PLAIN
    },
];

/// A `Link` header with the next page alone: a manifest that takes its first target reads no other.
fn with_next_link_alone(stream: Stream) -> Stream {
    let layout = Layout {
        by: By::Cursor("after".to_owned()),
        size: Some("per_page".to_owned()),
        records: "$".to_owned(),
        body: Vec::new(),
        headers: vec![("link".to_owned(), Said::LinkValue)],
    };
    Stream { quirks: Quirks { layout, ..Quirks::default() }, ..stream }
}

/// Records of every twelve hours of 2024, so that some lie on the edges of windows.
fn since(stream: Stream, format: TimeFormat) -> Stream {
    const FIRST: i64 = 1_704_067_200;
    let record = |(id, seconds): (u64, i64)| {
        let time = jiff::Timestamp::from_second(seconds).expect("a time of 2024").to_string();
        let at = if format == TimeFormat::EpochS { json!(seconds) } else { json!(time) };
        json!({ "id": id, "at": at, "day": time[..10] }).to_string()
    };
    let times = (0..).map(|half_days: i64| FIRST + half_days * 43_200);
    let records = (0..stream.records).zip(times).map(record).collect();
    let timeline = Timeline { records, ..Timeline::new("at", format, "since", None) };
    stream.timeline(timeline)
}

/// The same with an end, which belongs to the answer.
fn between(stream: Stream, format: TimeFormat) -> Stream {
    let mut stream = since(stream, format);
    if let Some(timeline) = &mut stream.timeline {
        timeline.to = Some(Asked::Argument("until".to_owned()));
        timeline.inclusive_to = true;
    }
    stream
}

/// The same by days, of which the last belongs to the answer as a whole.
fn between_days(stream: Stream) -> Stream {
    let mut stream = between(stream, TimeFormat::Rfc3339);
    if let Some(timeline) = &mut stream.timeline {
        timeline.inclusive_to = false;
        timeline.manner.whole = Some(Grain::Day);
    }
    stream
}
