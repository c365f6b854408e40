//! `new` on the demo API in every vendor's part: what it writes is run as it is, and has to bring what the API has.
//!
//! Authentication is left apart, and so are faults and the number of requests that an API takes: what they need is proven elsewhere.

use std::fmt::Write as _;
use std::sync::Arc;

use bronzegate_core::clock::{Clock, SystemClock};
use bronzegate_core::report::Status;
use bronzegate_core::secret::{EnvSecrets, SecretStore};
use bronzegate_demo_api::{Auth, DemoApi, Options};
use bronzegate_scaffold::curl;
use bronzegate_scaffold::new::{Draft, Given, Outcome, explore};
use bronzegate_tests::{Bench, Row as AsRow, repository, row_of};
use serde_json::Value;

/// What one of the vendors documents as its first request.
struct Documented {
    role: &'static str,
    stream: &'static str,
    line: &'static str,
}

const fn documented(role: &'static str, stream: &'static str, line: &'static str) -> Documented {
    Documented { role, stream, line }
}

const BEGIN: &str = "2000-01-01T00:00:00Z";

const DOCUMENTED: &[Documented] = &[
    documented(
        "datadog",
        "logs",
        "curl -G BASE/api/v2/logs/events -d 'filter[query]=service:checkout' -d 'page[limit]=50'",
    ),
    documented(
        "elasticsearch",
        "logs",
        r#"curl BASE/logs-app/_search --json '{"size": 50, "query": {"range": {"@timestamp": {"gte": "BEGIN", "lt": "END"}}}, "sort": [{"@timestamp": "asc"}, {"event.id": "asc"}]}'"#,
    ),
    documented(
        "freshdesk",
        "tickets",
        "curl 'BASE/api/v2/tickets?updated_since=BEGIN&order_by=updated_at&order_type=asc&per_page=50'",
    ),
    documented("freshdesk", "agents", "curl BASE/api/v2/agents?per_page=100"),
    documented(
        "github",
        "issues",
        "curl -L -H 'Accept: application/vnd.github+json' -H 'X-GitHub-Api-Version: 2022-11-28' 'BASE/repos/rust-lang/cargo/issues?state=all&per_page=100'",
    ),
    documented(
        "github",
        "labels",
        "curl -H 'X-GitHub-Api-Version: 2022-11-28' BASE/repos/rust-lang/cargo/labels?per_page=100",
    ),
    documented(
        "google-calendar",
        "events",
        "curl 'BASE/calendar/v3/calendars/team%40example.com/events?maxResults=60&orderBy=updated'",
    ),
    documented(
        "hubspot",
        "contacts",
        "curl --request GET --url 'BASE/crm/v3/objects/contacts?limit=100&archived=false'",
    ),
    documented(
        "hubspot",
        "deals",
        r#"curl --request POST --url BASE/crm/v3/objects/deals/search --data '{"limit": 200, "filterGroups": [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "2026-11-10T00:00:00Z"}, {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": "2026-11-14T00:00:00Z"}]}]}'"#,
    ),
    documented(
        "jira",
        "issues",
        "curl 'BASE/rest/api/3/search/jql?jql=project%20%3D%20HSP&maxResults=40&fields=*all'",
    ),
    documented("mailchimp", "members", "curl 'BASE/3.0/lists/0a1b2c3d4e/members?count=50&offset=0'"),
    documented(
        "microsoft-graph",
        "users",
        "curl -H 'ConsistencyLevel: eventual' 'BASE/v1.0/users?$count=true&$select=id,displayName&$top=100'",
    ),
    documented("microsoft-graph", "sign_ins", "curl 'BASE/v1.0/auditLogs/signIns?$top=50'"),
    documented(
        "notion",
        "pages",
        r#"curl BASE/v1/search -H 'Notion-Version: 2022-06-28' --data '{"filter": {"property": "object", "value": "page"}, "page_size": 100}'"#,
    ),
    documented(
        "notion",
        "rows",
        r#"curl BASE/v1/databases/0f1e2d3c4b5a69788796a5b4c3d2e1f0/query -H 'Notion-Version: 2022-06-28' --data '{"page_size": 100}'"#,
    ),
    documented(
        "salesforce",
        "accounts",
        "curl 'BASE/services/data/v62.0/query?q=SELECT%20Id%20FROM%20Account%20WHERE%20SystemModstamp%20%3E=%20BEGIN%20AND%20SystemModstamp%20%3C%20END%20'",
    ),
    documented(
        "salesforce-bulk",
        "accounts",
        "curl BASE/services/data/v62.0/jobs/query/750R0000000zlh9IAA/results?maxRecords=50000",
    ),
    documented(
        "servicenow",
        "incidents",
        "curl 'BASE/api/now/table/incident?sysparm_query=ORDERBYsys_updated_on&sysparm_limit=1000'",
    ),
    documented("shopify", "orders", "curl 'BASE/admin/api/2026-01/orders.json?status=any&limit=250'"),
    documented(
        "shopify-graphql",
        "orders",
        r#"curl -X POST BASE/admin/api/2026-01/graphql.json -H 'Content-Type: application/json' -d '{"query": "query ($first: Int!, $after: String, $query: String!) { orders(first: $first, after: $after, query: $query) { nodes { id } pageInfo { hasNextPage endCursor } } }", "variables": {"first": 50, "query": "updated_at:>='BEGIN' AND updated_at:<'END'"}}'"#,
    ),
    documented("slack", "channels", "curl 'BASE/api/conversations.list?limit=200&exclude_archived=false'"),
    documented("slack", "members", "curl BASE/api/users.list?limit=200"),
    documented("stripe", "customers", "curl -G BASE/v1/customers -d limit=100"),
    documented("stripe", "events", "curl -G BASE/v1/events -d limit=100 -H 'Stripe-Version: 2024-06-20'"),
    documented(
        "xero",
        "invoices",
        "curl 'BASE/api.xro/2.0/Invoices?page=1&pageSize=1000' -H 'Xero-Tenant-Id: 00000000-0000-0000-0000-000000000000'",
    ),
    documented(
        "amazon-sp",
        "orders",
        "curl 'BASE/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&LastUpdatedAfter=BEGIN&MaxResultsPerPage=100'",
    ),
    documented(
        "crossref",
        "works",
        "curl -A 'me (mailto:me@example.com)' 'BASE/works?filter=from-index-date:2026-01-01&rows=60&cursor=*'",
    ),
    documented(
        "dynamics365",
        "accounts",
        "curl -H 'Prefer: odata.maxpagesize=60' 'BASE/api/data/v9.2/accounts?$select=accountid,name'",
    ),
    documented(
        "google-ads",
        "campaigns",
        r#"curl BASE/v21/customers/1234567890/googleAds:search --json '{"query": "SELECT campaign.id, campaign.name FROM campaign"}'"#,
    ),
    documented(
        "google-analytics",
        "sessions",
        r#"curl BASE/v1beta/properties/123456789:runReport --json '{"dateRanges": [{"startDate": "2026-10-01", "endDate": "2026-11-30"}], "metrics": [{"name": "sessions"}], "limit": 40, "offset": 0}'"#,
    ),
    documented(
        "intercom",
        "contacts",
        r#"curl BASE/contacts/search -H 'Intercom-Version: 2.11' --json '{"query": {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": "946684800"}]}, "pagination": {"per_page": 150}}'"#,
    ),
    documented(
        "intercom",
        "conversations",
        r#"curl BASE/conversations/search -H 'Intercom-Version: 2.11' --json '{"query": {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": "946684800"}]}, "pagination": {"per_page": 150}}'"#,
    ),
    documented(
        "klaviyo",
        "events",
        "curl -H 'revision: 2025-04-15' 'BASE/api/events?page[size]=200&sort=datetime'",
    ),
    documented(
        "klaviyo",
        "profiles",
        "curl -H 'revision: 2025-04-15' 'BASE/api/profiles?page[size]=100&sort=updated'",
    ),
    documented(
        "netsuite",
        "transactions",
        r#"curl -X POST 'BASE/services/rest/query/v1/suiteql?limit=1000&offset=0' -H 'Prefer: transient' --json '{"q": "SELECT id, tranid FROM transaction"}'"#,
    ),
    documented("okta", "system_log", "curl 'BASE/api/v1/logs?since=BEGIN&until=END&limit=80'"),
    documented(
        "okta",
        "users",
        "curl -G BASE/api/v1/users --data-urlencode 'search=status eq \"ACTIVE\"' -d limit=80",
    ),
    documented(
        "pubmed",
        "articles",
        "curl 'BASE/entrez/eutils/esearch.fcgi?db=pubmed&retmode=json&term=asthma&retmax=50'",
    ),
    documented(
        "sap-odata2",
        "sales_orders",
        "curl -H 'Accept: application/json' 'BASE/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder?$inlinecount=allpages'",
    ),
    documented(
        "stack-exchange",
        "questions",
        "curl 'BASE/2.3/questions?site=stackoverflow&order=asc&sort=activity&pagesize=100'",
    ),
    documented("strava", "activities", "curl 'BASE/api/v3/athlete/activities?per_page=100'"),
    documented(
        "twilio",
        "messages",
        "curl 'BASE/2010-04-01/Accounts/ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX/Messages.json?PageSize=40'",
    ),
    documented(
        "wikipedia",
        "pages",
        "curl -A 'me (me@example.com)' 'BASE/w/api.php?action=query&format=json&formatversion=2&generator=categorymembers&gcmtitle=Category:Physics&prop=info&gcmlimit=50'",
    ),
    documented(
        "wikipedia",
        "recent_changes",
        "curl -A 'me (me@example.com)' 'BASE/w/api.php?action=query&format=json&formatversion=2&list=recentchanges&rclimit=40'",
    ),
    documented(
        "zendesk",
        "ticket_events",
        "curl 'BASE/api/v2/incremental/ticket_events.json?start_time=946684800'",
    ),
    documented(
        "zendesk",
        "tickets",
        "curl 'BASE/api/v2/incremental/tickets/cursor.json?start_time=946684800&per_page=100'",
    ),
];

/// The settings that are compared with the repository's file where they are found otherwise.
const SETTINGS: [&str; 5] = ["format", "records", "page size", "pagination", "all records"];

struct Row {
    name: String,
    found: [bool; SETTINGS.len()],
    requests: usize,
    note: String,
}

#[tokio::test]
async fn four_of_five_settings_are_found_with_nothing_to_correct() {
    let mut rows = Vec::new();
    for documented in DOCUMENTED {
        rows.push(row(documented).await);
    }
    let mut table = format!("| API | {} | requests | |\n", SETTINGS.join(" | "));
    for row in &rows {
        let marks = row.found.map(|found| if found { "yes" } else { "no" }).join(" | ");
        let _ = writeln!(table, "| {} | {marks} | {} | {} |", row.name, row.requests, row.note);
    }
    let (found, all) =
        (rows.iter().flat_map(|row| row.found).filter(|found| *found).count(), rows.len() * SETTINGS.len());
    let whole = rows.iter().filter(|row| row.found.iter().all(|found| *found)).count();
    println!(
        "{table}\nsettings found: {found} of {all}; files with nothing to correct: {whole} of {}",
        rows.len()
    );
    assert!(found * 5 >= all * 4, "{found} of {all} settings\n{table}");
    assert!(whole * 10 >= rows.len() * 9, "{whole} of {} files\n{table}", rows.len());
    assert!(rows.iter().all(|row| row.requests <= 5), "{table}");
}

#[expect(clippy::too_many_lines, reason = "one API from its first request to its records")]
async fn row(documented: &Documented) -> Row {
    let name = format!("{}/{}", documented.role, documented.stream);
    let missing =
        |note: String, requests| Row { name: name.clone(), found: [false; SETTINGS.len()], requests, note };
    let text =
        std::fs::read_to_string(repository().join(format!("tests/fixtures/roles/{}.json", documented.role)))
            .expect("a role");
    let mut options: Options = serde_json::from_str(&text).expect("a configuration of the demo API");
    options.faults.clear();
    for stream in &mut options.streams {
        stream.auth = Auth::None;
        stream.quirks.at_once = None;
        stream.quirks.demanded_headers.retain(|name| name != "developer-token");
        if let Some(limit) = &mut stream.rate_limit {
            limit.requests = 100_000;
        }
    }
    let played =
        options.streams.iter().find(|stream| stream.name == documented.stream).expect("it is played");
    let columns = row_of(played);
    let api = DemoApi::start(options).await.expect("the demo API starts");
    let line = documented
        .line
        .replace("BASE", &api.base_url())
        .replace("BEGIN", BEGIN)
        .replace("END", "2027-01-01T00:00:00Z");
    // A quote inside of a quoted body is the shell's business.
    let line =
        line.replace(&format!("'{BEGIN}'"), BEGIN).replace("'2027-01-01T00:00:00Z'", "2027-01-01T00:00:00Z");
    let request = curl::parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let given = Given {
        source: documented.role.to_owned(),
        stream: Some(documented.stream.to_owned()),
        request,
        secrets: Vec::new(),
    };
    let draft = Draft::new(given).unwrap_or_else(|error| panic!("{line}: {error}"));
    let secrets: Arc<dyn SecretStore> = Arc::new(EnvSecrets::new(|_| None));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let found = match explore(&draft, &secrets, &clock, None, &mut |_| None).await {
        Ok(Outcome::Found(found)) => found,
        Ok(Outcome::Undecided(candidates)) => return missing(format!("undecided: {candidates:?}"), 1),
        Err(error) => return missing(error.to_string(), 1),
    };
    let bench = Bench::over(api, documented.role, found.text.clone());
    let stream = bench.source.stream(documented.stream).expect("its stream").clone();
    let report = bench.run(documented.stream).await;
    let mut landed = bench.records(documented.stream);
    let mut expected = wanted(&bench, documented, columns);
    landed.sort();
    expected.sort();
    let is_whole = report.status == Status::Complete && landed == expected;
    let is_paged = stream.pagination.kind != bronzegate_core::config::Kind::None;
    let note = if is_whole {
        String::new()
    } else {
        format!("{} of {} records; {:?}", landed.len(), expected.len(), report.error)
    };
    let found_all = [
        !landed.is_empty(),
        !landed.is_empty(),
        stream.pagination.page_size.is_some() || !line.contains("limit"),
        is_paged,
        is_whole,
    ];
    let note = if is_whole { note } else { format!("{note}\n{}\n{:#?}", found.text, found.findings) };
    Row { name, found: found_all, requests: found.requests, note }
}

/// What the API has of what the line asks for.
fn wanted(bench: &Bench, documented: &Documented, columns: Option<AsRow>) -> Vec<String> {
    let all = bench.api.records(documented.stream);
    match (columns, documented.role, documented.stream) {
        (Some((columns, of)), ..) => all.iter().map(|record| of(&columns, record.as_bytes())).collect(),
        (None, "hubspot", "deals") => {
            let changed = |record: &String| {
                let record: Value = serde_json::from_str(record).expect("JSON");
                let changed =
                    record["properties"]["hs_lastmodifieddate"].as_str().expect("a time").to_owned();
                ("2026-11-10".."2026-11-14").contains(&changed.get(..10).expect("a date"))
            };
            all.into_iter().filter(changed).collect()
        }
        _ => all,
    }
}
