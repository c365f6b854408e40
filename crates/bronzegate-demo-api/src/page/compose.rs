//! Writes a page in its stream's style.

use super::{
    content::Page,
    envelope::{Envelope, List},
    form::around_elements,
    generic,
    layout::layout,
    plan::Plan,
    roles,
    scene::Scene,
};
use crate::{
    fault::WrongShape,
    quirks::{Form, Quirks},
    record::Table,
    serve::Headers,
    stream::Style,
};

/// Writes everything of a page but the records, and the headers that go with it.
pub(crate) fn compose(scene: &Scene<'_>, plan: &Plan, wrong: Option<WrongShape>) -> (Page, Headers) {
    let mut envelope = match scene.stream.style {
        Style::Single => generic::single(plan),
        Style::Cursor => generic::cursor(scene, plan),
        Style::Offset => generic::offset(plan),
        Style::Page => generic::page(plan),
        Style::LinkHeader => generic::link_header(scene, plan),
        Style::NextUrl => generic::next_url(scene, plan),
        Style::Ndjson => generic::ndjson(),
        Style::HubSpot => roles::hubspot(scene, plan),
        Style::ShopifyRest => roles::shopify_rest(scene, plan),
        Style::ShopifyGraphql => roles::shopify_graphql(scene, plan),
        Style::GitHub => roles::github(scene, plan),
        Style::Stripe => roles::stripe(scene, plan),
        Style::Salesforce => roles::salesforce(scene, plan),
        Style::SalesforceBulk => roles::salesforce_bulk(scene, plan),
        Style::Slack => roles::slack(scene, plan),
        Style::Jira => roles::jira(scene, plan),
        Style::Notion => roles::notion(scene, plan),
        Style::Graph => roles::graph(scene, plan),
        Style::Layout => layout(scene, plan),
    };
    if scene.stream.csv.is_some() {
        envelope.list = List::Table;
    }
    let quirks = &scene.stream.quirks;
    let table = scene.stream.csv.map(|_| Table::new(&quirks.columns).separated(quirks.delimiter));
    let (head, tail) = match wrong {
        None => right(&envelope, table.as_ref(), quirks, plan.count),
        Some(wrong) => (misshapen(&envelope, wrong), String::new()),
    };
    let page = Page {
        recipe: scene.recipe,
        table,
        form: quirks.form.clone(),
        records: scene.records.clone(),
        first: plan.first,
        count: if wrong.is_some() { 0 } else { plan.count },
        hidden: quirks.hidden_every,
        head: head.into_bytes(),
        separator: match envelope.list {
            _ if matches!(scene.stream.quirks.form, Form::Xml { .. }) => b'\n',
            List::Lines | List::Table => b'\n',
            List::Member(_) | List::Root | List::Absent => b',',
        },
        tail: tail.into_bytes(),
    };
    (page, envelope.headers)
}

fn right(envelope: &Envelope, table: Option<&Table>, quirks: &Quirks, count: u64) -> (String, String) {
    if let Form::Xml { within, .. } = &quirks.form {
        return around_elements(envelope, within.as_deref());
    }
    let around = quirks.around_table.as_ref();
    let (open, close) = quirks.form.brackets(count);
    match &envelope.list {
        List::Member(name) => {
            (format!("{}\"{name}\":{open}", envelope.before), format!("{close}{}", envelope.after))
        }
        List::Root => (open, close.into()),
        List::Absent => (joined(envelope), String::new()),
        List::Lines => (String::new(), "\n".into()),
        List::Table => {
            let header = table.map(Table::header).unwrap_or_default();
            let (before, behind) = around.cloned().unwrap_or_default();
            (format!("{before}{header}\r\n"), format!("\n{behind}"))
        }
    }
}

fn misshapen(envelope: &Envelope, wrong: WrongShape) -> String {
    let instead = match wrong {
        WrongShape::Absent | WrongShape::Object => "{}",
        WrongShape::Null => "null",
        WrongShape::Scalar => "42",
    };
    let Envelope { before, after, .. } = envelope;
    match &envelope.list {
        List::Root | List::Lines | List::Table => instead.into(),
        List::Absent => joined(envelope),
        List::Member(_) if wrong == WrongShape::Absent => joined(envelope),
        List::Member(name) => format!("{before}\"{name}\":{instead}{after}"),
    }
}

/// The body without the member that holds the records.
fn joined(Envelope { before, after, .. }: &Envelope) -> String {
    match after.strip_prefix(',') {
        Some(rest) => format!("{before}{rest}"),
        None => format!("{}{after}", before.trim_end_matches(',')),
    }
}
