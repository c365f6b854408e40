//! A page's body, read: in which format it is, and whether it has the shape that the source file says.

use bytes::{Bytes, BytesMut};
use tokio::task::consume_budget;

use super::fetched::head_facts;
use super::record_channel::RecordSender;
use crate::config::{Address, Csv, Format, IfAbsent, Pointer, RecordsPath, Stream};
use crate::error::{Error, ErrorKind};
use crate::formats::{
    self, Form, PageBody, Prefix, Reader, RecordsAt, RecordsFound, SplitError, SplitErrorKind, Transcoder,
    Wanted, WantedColumns,
};
use crate::http::{BodyFault, BodyState, Facts, Files, Framing, Paths, Response, charset, media_type};
use crate::redact::line;
use crate::unfinished::Unfinished;

/// What a stream's pages hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    pub(crate) stream: &'a Stream,
    /// The body paths that are read.
    pub(crate) paths: &'a Paths,
    /// The columns that the pages before had, where rows are lists.
    pub(crate) columns: Option<&'a [String]>,
}

/// A page, and what it takes to read it.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) events: &'a RecordSender,
    /// The columns of the pages before.
    pub(super) columns: Option<&'a [String]>,
}

/// The most that is read of what stands in place of a table.
const LONGEST_ERROR: usize = 1 << 20;

/// Why lines are not read whose end only the connection tells.
const ENDLESS: &str = "only the end of the connection tells where these lines end, which looks the same when it \
                       breaks off at a line's end: ask the API for a length (or HTTP/1.1), or accept that lines may \
                       be missing without a word by `format: { end: connection }`";

/// How far a page's body could be read, and what it held.
type Read = (BodyState, Option<PageBody>);

impl Content<'_> {
    /// Splits a page's body and passes its records on as they become whole. A page packed in several
    /// files holds the records of all.
    pub(crate) async fn split(
        &self,
        response: &mut Response,
        events: &RecordSender,
    ) -> Result<Read, Unfinished> {
        let framing = response.body.framing();
        let essence = media_type(&response.headers);
        let Some(format) = self.format(&essence) else {
            let mut files = Files::of(response.body.take());
            return Ok(match files.next().await {
                Ok(_) => self.not_csv(Bytes::new(), &mut files, framing).await,
                Err(fault) => (unread(&fault), None),
            });
        };
        if format.is_lines() {
            self.check_lines(&essence)?;
        }
        let charset = charset(&response.headers);
        let is_endless = framing == Framing::UntilClose && !response.body.is_coded();
        let mut early = events.is_awaited().then(|| head_facts(response, self.paths));
        let mut files = Files::of(response.body.take());
        let mut page: Option<PageBody> = None;
        loop {
            match files.next().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => return Ok((unread(&fault), None)),
            }
            if is_endless && format.is_lines() && !files.is_packed() && self.stream.reading.end.is_none() {
                return Ok((BodyState::Refused(ENDLESS.to_owned()), None));
            }
            let transcoder = Transcoder::new(self.stream.reading.encoding, charset.as_deref());
            match self.file((&mut files, framing), &format, transcoder, (events, &mut early)).await? {
                (BodyState::Whole, Some(body)) => {
                    if let Some(fault) = other_table(&format, page.as_ref(), &body, files.name()) {
                        return Ok((unread(&fault), None));
                    }
                    page = Some(joined(page, body));
                }
                broken => return Ok(broken),
            }
        }
        // An archive without files.
        Ok((BodyState::Whole, Some(page.unwrap_or_default())))
    }

    async fn file(
        &self,
        (files, framing): (&mut Files, Framing),
        format: &Format,
        mut transcoder: Transcoder,
        (events, early): (&RecordSender, &mut Option<Facts>),
    ) -> Result<Read, Unfinished> {
        let mut splitter = self.splitter(format);
        let mut prefix = Prefix::new(self.stream.reading.strip_prefix.as_deref());
        let mut pieces = Vec::new();
        let mut is_start = matches!(format, Format::Csv(form) if form.header.is_none());
        loop {
            let chunk = match files.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(fault) => return Ok((unread(&fault), None)),
            };
            if std::mem::take(&mut is_start) && is_markup(&chunk) {
                return Ok(self.not_csv(chunk, files, framing).await);
            }
            let text = transcoder.chunk(chunk).map(|text| prefix.take_off(text));
            let pushed = text.and_then(|text| splitter.push(text, &mut pieces));
            let mut more = pushed.map(|()| true);
            loop {
                match more {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return Ok((BodyState::Invalid(error, framing), None)),
                }
                if !pieces.is_empty()
                    && let Some(facts) = early.take()
                {
                    events.announce(Facts { values: splitter.values_so_far(), ..facts });
                }
                for piece in pieces.drain(..) {
                    events.send(piece).await?;
                }
                // What unpacks from a few bytes is ready at once, over and over: others have their turn too.
                consume_budget().await;
                more = splitter.go_on(&mut pieces);
            }
        }
        let rest = transcoder.finish().map(|text| [prefix.take_off(text), prefix.rest()].concat());
        let rest = rest.and_then(|rest| splitter.push(rest.into(), &mut pieces));
        match rest.and_then(|()| splitter.finish(&mut pieces)) {
            Ok(body) => {
                for piece in pieces {
                    events.send(piece).await?;
                }
                Ok((BodyState::Whole, Some(body)))
            }
            // Some APIs have nothing to say in words.
            Err(error) if error.kind == SplitErrorKind::Empty && self.may_be_empty(format, framing) => {
                Ok((BodyState::Whole, Some(PageBody::default())))
            }
            Err(error) => Ok((BodyState::Invalid(error, framing), None)),
        }
    }

    /// Whether a body without a byte is a page without records. One whose end only the connection tells may have
    /// been cut.
    fn may_be_empty(&self, format: &Format, framing: Framing) -> bool {
        let is_absent = self.stream.records.if_absent == IfAbsent::Empty;
        is_absent && !format.is_lines() && framing != Framing::UntilClose
    }

    /// The source file's word, else the content type's; `None` where that says that it is no table: almost any
    /// text is one of one column, a gateway's page and an error's too.
    fn format(&self, essence: &str) -> Option<Format> {
        match &self.stream.format {
            Some(Format::Csv(_)) if ["html", "xml", "json"].iter().any(|other| essence.contains(other)) => {
                None
            }
            Some(format) => Some(format.clone()),
            None if is_csv(essence) => Some(Format::Csv(Csv::default())),
            None if is_ndjson(essence) => Some(Format::Ndjson),
            None => Some(Format::Json),
        }
    }

    /// Reads what stands in place of a table for what rules look at: an API's error may be JSON.
    async fn not_csv(&self, start: Bytes, files: &mut Files, framing: Framing) -> Read {
        let mut text = BytesMut::from(start);
        while text.len() < LONGEST_ERROR
            && let Ok(Some(chunk)) = files.chunk().await
        {
            text.extend_from_slice(&chunk);
        }
        text.truncate(LONGEST_ERROR);
        let said = formats::values(text.freeze(), self.paths.tokens()).ok();
        (BodyState::Invalid(SplitError { kind: SplitErrorKind::NotCsv, offset: 0 }, framing), said)
    }

    /// Lines have no members: what a source file expects beside the records would be absent without a
    /// word. Where the file names the format, its check has said so already.
    fn check_lines(&self, essence: &str) -> Result<(), Error> {
        let addresses = self.stream.pagination.addresses();
        let wanted = match &self.stream.records.at {
            path @ (RecordsPath::At(_) | RecordsPath::Each(_)) => Some(format!("records: {path}")),
            RecordsPath::Root => addresses
                .into_iter()
                .find(|address| matches!(address, Address::Body(_)))
                .map(ToString::to_string),
        };
        let Some(wanted) = wanted else { return Ok(()) };
        let cause = format!(
            "the body is lines of records (content type {}), and `{wanted}` is not to be found there",
            line(essence)
        );
        Err(Error::new(ErrorKind::Data, cause))
    }

    fn splitter(&self, format: &Format) -> Reader {
        if let Format::Csv(form) = format {
            let may_be_empty = self.stream.records.if_absent == IfAbsent::Empty;
            return Reader::csv(form, may_be_empty);
        }
        let tokens = |pointer: Option<&Pointer>| pointer.map_or_else(Vec::new, |at| at.tokens().to_vec());
        let records = match &self.stream.records.at {
            RecordsPath::Root => RecordsAt::Root,
            RecordsPath::At(pointer) => RecordsAt::Path(tokens(Some(pointer))),
            RecordsPath::Each(each) => {
                let outer = tokens(each.of.as_ref());
                match &each.lists {
                    None => RecordsAt::Members(outer),
                    Some(inner) => RecordsAt::Lists { outer, inner: inner.clone() },
                }
            }
        };
        let lines = *format == Format::Ndjson;
        let (values, nulls) = (self.paths.tokens(), self.stream.records.nulls);
        let columns = self.stream.records.columns.as_ref().filter(|_| !lines);
        let columns = columns.map(|columns| WantedColumns {
            at: columns.clone(),
            known: self.columns.map(<[String]>::to_vec),
        });
        let wanted = Wanted { records: Some(records), values, lines, nulls, columns };
        match (format, &wanted.records) {
            (Format::Xml(form), Some(RecordsAt::Path(names))) => {
                Reader::xml(&wanted, names.clone(), &form.lists)
            }
            _ => Reader::json(&wanted),
        }
    }
}

/// Two files of one page as one body: the records of both; of the values the later.
fn joined(before: Option<PageBody>, body: PageBody) -> PageBody {
    let Some(before) = before else { return body };
    let found = if before.found == RecordsFound::Records { body.found } else { before.found };
    let hashes = [before.hash.to_le_bytes(), body.hash.to_le_bytes()].concat();
    let values = if body.values.is_empty() { before.values.clone() } else { body.values };
    let earlier = before.values.into_iter().chain(std::iter::repeat(None));
    PageBody {
        records: before.records + body.records,
        nulls: before.nulls + body.nulls,
        form: if before.form == Form::Object { before.form } else { body.form },
        has_line_end: before.has_line_end || body.has_line_end,
        found,
        hash: xxhash_rust::xxh3::xxh3_128(&hashes),
        values: values.into_iter().zip(earlier).map(|(later, earlier)| later.or(earlier)).collect(),
        names: before.names,
        columns: body.columns.or(before.columns),
        first_record: before.first_record.or(body.first_record),
        last_record: body.last_record.or(before.last_record),
        bytes: before.bytes + body.bytes,
    }
}

/// Why a file of an archive is not of the same table as those before it. A text that lies beside the
/// table, such as a licence, would be one of one column.
fn other_table(
    format: &Format,
    before: Option<&PageBody>,
    body: &PageBody,
    name: Option<&str>,
) -> Option<BodyFault> {
    let before = before.filter(|_| matches!(format, Format::Csv(_)))?;
    let sorted = |body: &PageBody| {
        let mut names = body.names.clone();
        names.sort_unstable();
        names
    };
    (sorted(before) != sorted(body)).then(|| {
        let name = line(name.unwrap_or_default());
        BodyFault::Refused(format!("the columns of `{name}` are not those of the files before it"))
    })
}

/// Whether the first bytes of what should be a table are those of JSON, HTML or XML.
fn is_markup(chunk: &[u8]) -> bool {
    let start = chunk.strip_prefix(b"\xef\xbb\xbf").unwrap_or(chunk).trim_ascii_start();
    matches!(start, [b'{' | b'<', ..] | [b'[', b'{', ..])
}

fn unread(fault: &BodyFault) -> BodyState {
    match fault {
        BodyFault::Cut(_) => BodyState::Cut(fault.to_string()),
        BodyFault::Damaged(_) => BodyState::Damaged(fault.to_string()),
        BodyFault::Encoding(_) | BodyFault::Refused(_) => BodyState::Refused(fault.to_string()),
    }
}

fn is_csv(essence: &str) -> bool {
    matches!(essence, "text/csv" | "application/csv" | "text/comma-separated-values")
}

fn is_ndjson(essence: &str) -> bool {
    matches!(
        essence,
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/jsonlines"
            | "application/json-lines"
            | "application/x-json-stream"
            | "text/x-ndjson"
    )
}

#[cfg(test)]
mod tests {
    use futures::poll;

    use super::*;
    use crate::config::parse;
    use crate::extract::page::record_channel::record_channel;
    use crate::http::ResponseBody;

    /// Polls a future to its end, and tells how often it let others have their turn.
    async fn turns<T>(work: impl Future<Output = T>) -> (T, usize) {
        let mut work = std::pin::pin!(work);
        let mut turns = 0;
        loop {
            match poll!(&mut work) {
                std::task::Poll::Ready(done) => return (done, turns),
                std::task::Poll::Pending => turns += 1,
            }
            tokio::task::yield_now().await;
        }
    }

    /// Everything of such a body is at hand, so that nothing of it has to be waited for.
    #[tokio::test]
    async fn others_have_their_turn_while_a_few_bytes_unpack_to_many() {
        let yaml = "source: s\nbase_url: https://x.example\nstreams: { t: { path: /t, records: r } }";
        let source = parse("s.yaml", yaml).unwrap();
        let content = Content { stream: &source.streams[0], paths: &Paths::default(), columns: None };
        let body = [&b"{\"r\":[1],\"x\":["[..], &vec![b' '; 60 << 20], b"]}"].concat();
        let packed = zstd::encode_all(&body[..], 3).unwrap();
        assert!(packed.len() < 10_000, "{}", packed.len());
        let response = http::Response::builder().header("content-encoding", "zstd").body(packed).unwrap();
        let mut files = Files::of(ResponseBody::of(response.into()));
        assert!(files.next().await.unwrap());
        let (sender, _receiver) = record_channel(None, None);
        let transcoder = Transcoder::new(None, None);
        let files = (&mut files, Framing::Explicit);
        let mut early = None;
        let read = content.file(files, &Format::Json, transcoder, (&sender, &mut early));
        let (read, turns) = turns(read).await;
        let (state, page) = read.unwrap();
        assert!(matches!(state, BodyState::Whole), "{state:?}");
        assert_eq!(page.unwrap().records, 1);
        assert!(turns >= 5, "{turns}");
    }
}
