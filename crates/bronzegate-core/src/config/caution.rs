//! What a person should know of settings that are right, and may lose records all the same.

use super::branches::MOST_MARKS;
use super::pagination::Kind;
use super::stream::Stream;

impl Stream {
    /// What may be lost, with the remedy.
    ///
    /// A record that changes while pages are counted leaves its place, and those behind it move up, the first
    /// of them to a page that has been read. A cursor then passes it for good.
    pub fn cautions(&self) -> Vec<String> {
        let is_counted = matches!(self.pagination.kind, Kind::Offset { .. } | Kind::Page { .. });
        let is_unseen = self.pagination.total.is_none()
            && self.incremental.as_ref().is_some_and(|incremental| incremental.lookback.is_zero());
        let caution = "pages are counted and `incremental` has no `lookback`: a record that changes while it is read moves \
                       those behind it up, and one of them may be missed for good; a `lookback` longer than the schedule's \
                       interval reads it again, and `total` at least tells of it";
        let counted = (is_counted && is_unseen).then(|| caution.to_owned());
        counted.into_iter().chain(self.shared_mark()).collect()
    }

    /// What is not read of branches that appear later, because they share a mark with others.
    pub fn shared_mark(&self) -> Option<String> {
        self.incremental.as_ref()?;
        if let Some(parent) = &self.parent {
            return Some(format!(
                "a record of {} that appears later is read from the common mark of its stream on: what it had before does \
                 not come; a `lookback` reads a part of it, `backfill` any window again",
                parent.stream
            ));
        }
        (self.partitions.count() > MOST_MARKS).then(|| {
            format!(
                "more than {MOST_MARKS} partitions share one mark: one that is added later is read from there on, and what \
                 it had before does not come; `backfill` loads it"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn counted_pages_of_an_incremental_stream_need_a_total_or_a_lookback() {
        let cautions = |keys: &str, pages: &str| {
            let text = format!(
                "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: items, {keys} pagination: {{ {pages} }} }} }}"
            );
            let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
            source.streams[0].cautions().len()
        };
        let incremental = |more: &str| {
            format!("incremental: {{ cursor: u, format: rfc3339, from: {{ query: f }}{more} }},")
        };
        let offset = "type: offset, send: { query: offset }, page_size: { query: limit, value: 5 }";
        assert_eq!(cautions(&incremental(""), offset), 1);
        assert_eq!(cautions(&incremental(""), "type: page, send: { query: page }"), 1);
        assert_eq!(cautions(&incremental(", lookback: 1h"), offset), 0);
        assert_eq!(cautions(&incremental(""), &format!("{offset}, total: {{ body: total }}")), 0);
        assert_eq!(cautions(&incremental(""), "type: link_header"), 0);
        assert_eq!(cautions("", offset), 0);
    }
}
