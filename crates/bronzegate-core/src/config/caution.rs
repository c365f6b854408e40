//! What somebody should know of settings that are right, and may lose records all the same.

use super::branches::MOST_MARKS;
use super::pagination::Kind;
use super::stream::Stream;

impl Stream {
    /// What may be lost, with the remedy.
    ///
    /// A row that leaves its place while pages are counted, because it is deleted or has changed, moves those after it up, the first of them to a page that has been read. A cursor then passes it permanently.
    pub fn cautions(&self) -> Vec<String> {
        let is_counted = matches!(self.pagination.kind, Kind::Offset { .. } | Kind::Page { .. });
        let unseen = (is_counted && self.pagination.total.is_none()).then(|| self.unseen_move()).flatten();
        let told = [self.whole_list().map(str::to_owned), unseen.map(str::to_owned), self.shared_mark()];
        told.into_iter().flatten().collect()
    }

    /// A stream that is read whole by each run, most likely without need.
    fn whole_list(&self) -> Option<&'static str> {
        let settings = self.incremental.as_ref().filter(|settings| !settings.is_asked_from)?;
        (!settings.is_descending).then_some(
            "nothing in the request says from where, so each run asks for everything and leaves out what is older than \
             what has been read; where the API answers the newest first, `order: descending` ends the pages there",
        )
    }

    /// What moves between counted pages without a total that would show it.
    fn unseen_move(&self) -> Option<&'static str> {
        match &self.incremental {
            Some(incremental) if !incremental.lookback.is_zero() => None,
            Some(_) => Some(
                "pages are counted and `incremental` has no `lookback`: a record that changes while it is read moves those \
                 after it up, and one of them may be missed permanently; a `lookback` longer than the schedule's interval \
                 reads it again, and `total` at least shows it",
            ),
            None => Some(
                "pages are counted and no `total` is stated: a row that is deleted while they are read moves those after it \
                 up, and one of them may be missed, which nothing shows; a `total` that falls would tell of it",
            ),
        }
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
    fn counted_pages_need_a_total_or_a_lookback() {
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
        assert_eq!(cautions("", offset), 1);
        assert_eq!(cautions("", &format!("{offset}, total: {{ body: total }}")), 0);
        assert_eq!(cautions("", "type: link_header"), 0);
    }
}
