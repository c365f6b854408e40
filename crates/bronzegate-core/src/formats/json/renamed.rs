//! Members that bear a name which is given to something else: they are renamed, and nothing else of their object.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// A quick look: whether one of the names stands anywhere, or an escape that could hide one.
pub(crate) fn might_hold_one_of(names: &[String], record: &[u8]) -> bool {
    memchr::memchr(b'\\', record).is_some()
        || names.iter().any(|name| memchr::memmem::find(record, name.as_bytes()).is_some())
}

/// What stands before a member's name where a metadata member bears that name.
const RENAMED: &str = "_source";

/// Appends the object without its closing brace, each member that bears a metadata name
/// renamed: `_source` goes before the name until it is free. Members of one name keep one name.
#[cold]
pub(crate) fn rename_clashes(added: &[String], object: &[u8], out: &mut Vec<u8>) {
    let free = free_names(added, object);
    let mut copied = 0;
    for range in top_level_names(object) {
        let Some(free) = name(&object[range.clone()]).and_then(|name| free.get(&*name)) else { continue };
        out.extend_from_slice(&object[copied..range.start]);
        out.extend_from_slice(format!("\"{free}\"").as_bytes());
        copied = range.end;
    }
    out.extend_from_slice(&object[copied..object.len() - 1]);
}

/// The free name of each metadata name that members bear. However many members an object has, only how
/// often `_source` stands before a metadata name is remembered, which is little of its size.
fn free_names<'a>(added: &'a [String], object: &[u8]) -> HashMap<&'a str, String> {
    let mut taken: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for range in top_level_names(object) {
        let Some(name) = name(&object[range]) else { continue };
        for (rest, times) in without_prefixes(&name) {
            if let Some(one) = added.iter().find(|one| *one == rest) {
                taken.entry(one).or_default().insert(times);
            }
        }
    }
    let mut free: HashMap<&str, String> = HashMap::new();
    for one in added.iter().filter(|one| taken.get(one.as_str()).is_some_and(|taken| taken.contains(&0))) {
        let taken = &taken[one.as_str()];
        let named = (1..).filter(|times| !taken.contains(times)).map(|times| RENAMED.repeat(times) + one);
        let mut named =
            named.filter(|name| !added.contains(name) && !free.values().any(|other| other == name));
        let name = named.next().expect("numbers do not end");
        free.insert(one, name);
    }
    free
}

/// The name with 0, 1, 2, … times `_source` taken off its front.
fn without_prefixes(name: &str) -> impl Iterator<Item = (&str, usize)> {
    std::iter::successors(Some(name), |name| name.strip_prefix(RENAMED)).zip(0..)
}

/// The text of a member's name; `None` for a lone surrogate's escape, which no metadata name has.
fn name(json: &[u8]) -> Option<Cow<'_, str>> {
    match json {
        [b'"', text @ .., b'"'] if !text.contains(&b'\\') => {
            std::str::from_utf8(text).ok().map(Cow::Borrowed)
        }
        _ => serde_json::from_slice(json).ok().map(Cow::Owned),
    }
}

/// Where the names of a valid object's own members stand, quotes included.
fn top_level_names(object: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let (mut at, mut depth, mut value_next) = (0, 0, false);
    std::iter::from_fn(move || {
        while at < object.len() {
            let start = at;
            at += 1;
            match object[start] {
                b'"' => {
                    at = string_end(object, start);
                    if depth == 1 && !value_next {
                        return Some(start..at);
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b':' if depth == 1 => value_next = true,
                b',' if depth == 1 => value_next = false,
                _ => {}
            }
        }
        None
    })
}

/// The offset after the string that opens at `open`.
pub(super) fn string_end(json: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < json.len() && json[at] != b'"' {
        at += if json[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}
