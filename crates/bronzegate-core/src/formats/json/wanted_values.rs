//! The part of a body around its records: which values of it are wanted, and their bytes.

use std::sync::Arc;

use super::in_lists::InLists;
use super::wanted::{Begun, Kind, RecordsAt, Wanted};
use crate::formats::error::SplitErrorKind;
use crate::formats::page_body::RecordsFound;

/// The largest value that is kept.
const MAX_VALUE: usize = 1 << 20;
/// How many names of top-level members are kept for error messages.
const MAX_NAMES: usize = 16;

/// Follows the open containers that lead to wanted values and keeps those values' bytes.
#[derive(Debug)]
pub(crate) struct WantedValues {
    paths: WantedPaths,
    /// The number of the records' path.
    records: Option<usize>,
    /// The records are the members of an object.
    has_members: bool,
    in_lists: Option<InLists>,
    /// The name, with its quotes, of the member whose list comes next.
    key: Option<Vec<u8>>,
    frames: Vec<Frame>,
    /// Paths that may end at, or lead through, the value that comes next.
    coming: Vec<usize>,
    name: Kept,
    open: Vec<Open>,
    values: Vec<Option<Vec<u8>>>,
    names: Vec<String>,
}

/// The paths that are followed, by their number: the wanted values', which all bodies of a stream share, and after
/// them the records'.
#[derive(Debug)]
struct WantedPaths {
    values: Arc<[Vec<String>]>,
    records: Option<Vec<String>>,
}

impl WantedPaths {
    fn count(&self) -> usize {
        self.values.len() + usize::from(self.records.is_some())
    }

    fn at(&self, nth: usize) -> &[String] {
        self.values.get(nth).or(self.records.as_ref()).map_or(&[], Vec::as_slice)
    }

    fn is_of_records(&self, nth: usize) -> bool {
        nth >= self.values.len()
    }
}

/// An open container that leads to something wanted.
#[derive(Debug)]
struct Frame {
    paths: Vec<usize>,
    /// Those of them that a member has led to.
    seen: Vec<usize>,
    /// In an array, the index of the element that comes next.
    index: Option<usize>,
}

/// A wanted value that has begun.
#[derive(Debug)]
struct Open {
    path: usize,
    depth: usize,
    kept: Kept,
}

/// Bytes that may begin in one chunk and end in a later one.
#[derive(Debug, Default)]
struct Kept {
    from: Option<usize>,
    earlier: Vec<u8>,
}

impl Kept {
    fn starting(at: usize) -> Self {
        Self { from: Some(at), earlier: Vec::new() }
    }

    /// Keeps the chunk's bytes up to `end` and goes on at `next`.
    fn pass(&mut self, chunk: &[u8], end: usize, next: Option<usize>) -> Result<(), SplitErrorKind> {
        if let Some(from) = self.from {
            self.earlier.extend_from_slice(&chunk[from..end]);
        }
        self.from = next;
        if self.earlier.len() > MAX_VALUE { Err(SplitErrorKind::CaptureTooLarge) } else { Ok(()) }
    }

    fn end(mut self, chunk: &[u8], end: usize) -> Result<Vec<u8>, SplitErrorKind> {
        self.pass(chunk, end, None)?;
        self.earlier.truncate(self.earlier.trim_ascii_end().len());
        Ok(self.earlier)
    }
}

impl WantedValues {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        let mut in_lists = None;
        let records = match &wanted.records {
            None | Some(RecordsAt::Root) => None,
            Some(RecordsAt::Path(path) | RecordsAt::Members(path)) => Some(path.clone()),
            Some(RecordsAt::Lists { outer, inner }) => {
                in_lists = Some(InLists::below(outer.len()));
                // What stands for every name is never compared.
                Some([outer, &[String::new()][..], inner].concat())
            }
        };
        let paths = WantedPaths { values: wanted.values.clone(), records };
        Self {
            has_members: matches!(wanted.records, Some(RecordsAt::Members(_))),
            in_lists,
            key: None,
            records: paths.records.is_some().then_some(paths.values.len()),
            coming: (0..paths.count()).collect(),
            values: vec![None; paths.values.len()],
            paths,
            frames: Vec::new(),
            name: Kept::default(),
            open: Vec::new(),
            names: Vec::new(),
        }
    }

    /// How many containers lead to where the text is now.
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// A member's name begins.
    pub(crate) fn begin_name(&mut self, at: usize) {
        self.name = Kept::starting(at);
    }

    /// The name has ended; it decides which paths the value that follows belongs to.
    pub(crate) fn end_name(&mut self, chunk: &[u8], colon: usize) -> Result<(), SplitErrorKind> {
        let name = std::mem::take(&mut self.name).end(chunk, colon)?;
        if self.is_in_outer() {
            self.key = Some(name.clone());
        }
        // The lexer has checked the escapes; what serde_json still refuses is a lone surrogate,
        // and no path can spell that.
        let name: Option<String> = serde_json::from_slice(&name).ok();
        let depth = self.frames.len();
        if let (1, Some(name)) = (depth, &name)
            && self.names.len() < MAX_NAMES
        {
            self.names.push(name.clone());
        }
        self.expect(name.as_deref());
        Ok(())
    }

    fn expect(&mut self, name: Option<&str>) {
        let is_any = self.is_in_outer().then_some(self.records).flatten();
        let Some(frame) = self.frames.last() else { return };
        let step = self.frames.len() - 1;
        self.coming.clear();
        let paths = &self.paths;
        self.coming.extend(frame.paths.iter().filter(|&&path| {
            let is_named = || paths.at(path).get(step).is_some_and(|at| Some(at.as_str()) == name);
            is_any == Some(path) || is_named()
        }));
    }

    /// Whether the text is among the elements that hold the lists of records.
    fn is_in_outer(&self) -> bool {
        self.in_lists.as_ref().is_some_and(|lists| lists.holds(self.frames.len()))
    }

    /// The name of the member whose list comes next, once.
    pub(crate) fn take_key(&mut self) -> Option<Vec<u8>> {
        self.key.take()
    }

    /// Of lists in lists: what stands at the records path, and how many elements hold them.
    pub(crate) fn lists(&self) -> Option<(RecordsFound, u64)> {
        self.in_lists.as_ref().map(InLists::found)
    }

    /// The values of the wanted paths, as far as they are whole.
    pub(super) fn so_far(&self) -> Vec<Option<Vec<u8>>> {
        self.values.clone()
    }

    /// The value of the wanted path of this number, once it is whole.
    pub(crate) fn value(&self, nth: usize) -> Option<&[u8]> {
        self.values.get(nth)?.as_deref()
    }

    /// A value begins where the text is now.
    ///
    /// # Errors
    /// A member on the way to the records, or to a wanted value, stands twice. Readers differ in which of
    /// the two counts, so neither is taken.
    pub(crate) fn begin_value(&mut self, at: usize, kind: Kind) -> Result<Begun, SplitErrorKind> {
        if let Some(index) = self.frames.last_mut().and_then(|frame| frame.index.as_mut()) {
            let name = index.to_string();
            *index += 1;
            self.expect(Some(&name));
        } else {
            self.refuse_twice()?;
        }
        let depth = self.frames.len();
        let (ending, leading): (Vec<_>, Vec<_>) =
            self.coming.drain(..).partition(|&path| self.paths.at(path).len() == depth);
        let records = self.records.is_some_and(|records| ending.contains(&records));
        let leads = self.records.is_some_and(|records| leading.contains(&records));
        let lists = self.in_lists.as_mut().filter(|_| records || leads);
        let is_outer = lists.is_some_and(|lists| lists.note(depth, kind, records));
        for path in ending.into_iter().filter(|&path| Some(path) != self.records) {
            self.open.push(Open { path, depth, kept: Kept::starting(at) });
        }
        if records && (kind == Kind::Array || self.has_members && kind == Kind::Object) {
            return Ok(Begun::Records);
        }
        // The top level is always entered: its names serve error messages.
        let entered = matches!(kind, Kind::Object | Kind::Array) && (depth == 0 || !leading.is_empty());
        if entered {
            let index = (kind == Kind::Array).then_some(0);
            self.frames.push(Frame { paths: leading, seen: Vec::new(), index });
        }
        Ok(match (records, entered) {
            (true, entered) => Begun::NoRecords { entered },
            (false, true) if is_outer => Begun::Outer,
            (false, true) => Begun::Entered,
            (false, false) => Begun::Other,
        })
    }

    /// Notes which paths the member that begins is on, and refuses one that was on them before. A wanted
    /// value itself may stand twice as long as it is the same.
    fn refuse_twice(&mut self) -> Result<(), SplitErrorKind> {
        let depth = self.frames.len();
        let is_any = self.is_in_outer().then_some(self.records).flatten();
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        for &path in self.coming.iter().filter(|&&path| is_any != Some(path)) {
            if !frame.seen.contains(&path) {
                frame.seen.push(path);
            } else if self.paths.is_of_records(path) {
                return Err(SplitErrorKind::RecordsTwice);
            } else if self.paths.at(path).len() > depth {
                return Err(twice(&self.paths.at(path)[..depth]));
            }
        }
        Ok(())
    }

    /// The innermost container on the way closes; whether it is what holds all lists of records.
    pub(crate) fn leave(&mut self) -> bool {
        let is_outer = self.is_in_outer();
        self.frames.pop();
        is_outer
    }

    /// The value that began where the text is now ends before `end`.
    pub(crate) fn end_value(&mut self, chunk: &[u8], end: usize) -> Result<(), SplitErrorKind> {
        while let Some(open) = self.open.pop_if(|open| open.depth == self.frames.len()) {
            let value = open.kept.end(chunk, end)?;
            match &mut self.values[open.path] {
                Some(before) if *before != value => return Err(twice(self.paths.at(open.path))),
                place => *place = Some(value),
            }
        }
        Ok(())
    }

    /// Leaves the records out of the values that hold them: `end` is behind their opening bracket.
    pub(crate) fn pause(&mut self, chunk: &[u8], end: usize) -> Result<(), SplitErrorKind> {
        self.open.iter_mut().try_for_each(|open| open.kept.pass(chunk, end, None))
    }

    /// Goes on after the records: `at` is their closing bracket.
    pub(crate) fn resume(&mut self, at: usize) {
        for open in &mut self.open {
            open.kept.from = Some(at);
        }
    }

    /// A chunk ends.
    pub(crate) fn end_chunk(&mut self, chunk: &[u8]) -> Result<(), SplitErrorKind> {
        let passing = self.open.iter_mut().map(|open| &mut open.kept).chain([&mut self.name]);
        passing
            .into_iter()
            .filter(|kept| kept.from.is_some())
            .try_for_each(|kept| kept.pass(chunk, chunk.len(), Some(0)))
    }

    /// The wanted values' bytes and the names of the top-level members.
    pub(crate) fn into_parts(self) -> (Vec<Option<Vec<u8>>>, Vec<String>) {
        (self.values, self.names)
    }
}

fn twice(path: &[String]) -> SplitErrorKind {
    SplitErrorKind::ValueTwice(path.join("."))
}
