//! A page's body, read: in which format it is, and whether it has the shape that the source file says.

use super::fetched::FetchError;
use super::record_channel::RecordSender;
use crate::config::{Address, Csv, Format, IfAbsent, RecordsPath, Stream};
use crate::error::{Error, ErrorKind};
use crate::formats::{Form, PageBody, Reader, RecordsAt, RecordsFound, SplitError, SplitErrorKind, Wanted};
use crate::http::{BodyFault, BodyState, Files, Framing, Paths, Response, media_type};
use crate::redact::line;

/// What a stream's pages hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content<'a> {
    pub(crate) stream: &'a Stream,
    /// The body paths that are read.
    pub(crate) paths: &'a Paths,
}

/// How far a page's body could be read, and what it held.
type Read = (BodyState, Option<PageBody>);

impl Content<'_> {
    /// Splits a page's body and passes its records on as they become whole. A page packed in several
    /// files holds the records of all.
    pub(crate) async fn split(
        &self,
        response: &mut Response,
        events: &RecordSender,
    ) -> Result<Read, FetchError> {
        let framing = response.body.framing();
        let essence = media_type(&response.headers);
        let format = match self.format(&essence) {
            Ok(format) => format,
            Err(kind) => return Ok((BodyState::Invalid(SplitError { kind, offset: 0 }, framing), None)),
        };
        if format != Format::Json {
            self.check_lines(&essence).map_err(FetchError::Failed)?;
        }
        let mut files = Files::of(response.body.take());
        let mut page: Option<PageBody> = None;
        loop {
            match files.next().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => return Ok((unread(&fault), None)),
            }
            match self.file(&mut files, &format, framing, events).await? {
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
        files: &mut Files,
        format: &Format,
        framing: Framing,
        events: &RecordSender,
    ) -> Result<Read, FetchError> {
        let mut splitter = self.splitter(format);
        let mut pieces = Vec::new();
        loop {
            let pushed = match files.chunk().await {
                Ok(Some(chunk)) => splitter.push(chunk, &mut pieces),
                Ok(None) => break,
                Err(fault) => return Ok((unread(&fault), None)),
            };
            if let Err(error) = pushed {
                return Ok((BodyState::Invalid(error, framing), None));
            }
            for piece in pieces.drain(..) {
                events.send(piece).await?;
            }
        }
        match splitter.finish(&mut pieces) {
            Ok(body) => {
                for piece in pieces {
                    events.send(piece).await?;
                }
                Ok((BodyState::Whole, Some(body)))
            }
            Err(error) => Ok((BodyState::Invalid(error, framing), None)),
        }
    }

    /// The source file's word, else the content type's.
    fn format(&self, essence: &str) -> Result<Format, SplitErrorKind> {
        match &self.stream.format {
            // Almost any text is a table of one column: a gateway's page and an error's JSON are none.
            Some(Format::Csv(_)) if essence.contains("html") || essence.contains("json") => {
                Err(SplitErrorKind::NotCsv)
            }
            Some(format) => Ok(format.clone()),
            None if is_csv(essence) => Ok(Format::Csv(Csv::default())),
            None if is_ndjson(essence) => Ok(Format::Ndjson),
            None => Ok(Format::Json),
        }
    }

    /// Lines have no members: what a source file expects beside the records would be absent without a
    /// word. Where the file names the format, its check has said so already.
    fn check_lines(&self, essence: &str) -> Result<(), Error> {
        let addresses = self.stream.pagination.addresses();
        let wanted = match &self.stream.records.at {
            RecordsPath::At(pointer) => Some(format!("records: {pointer}")),
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
        let records = match &self.stream.records.at {
            RecordsPath::Root => RecordsAt::Root,
            RecordsPath::At(pointer) => RecordsAt::Path(pointer.tokens().to_vec()),
        };
        let lines = *format == Format::Ndjson;
        let wanted = Wanted { records: Some(records), values: self.paths.tokens(), lines };
        Reader::json(&wanted)
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
        form: if before.form == Form::Object { before.form } else { body.form },
        has_line_end: before.has_line_end || body.has_line_end,
        found,
        hash: xxhash_rust::xxh3::xxh3_128(&hashes),
        values: values.into_iter().zip(earlier).map(|(later, earlier)| later.or(earlier)).collect(),
        names: before.names,
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

fn unread(fault: &BodyFault) -> BodyState {
    match fault {
        BodyFault::Cut(_) => BodyState::Cut(fault.to_string()),
        BodyFault::Damaged(_) => BodyState::Damaged(fault.to_string()),
        BodyFault::Encoding(_) | BodyFault::Refused(_) => BodyState::Encoded(fault.to_string()),
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
