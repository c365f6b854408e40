//! The lines of a file of JSON actions, read piece by piece: a commit may add any number of files.

use bronzegate_core::bronze::{BronzeStore, ByteRange};

use super::failed::LogError;

/// So much is read at a time.
const PIECE: u64 = 1 << 20;

/// The longest line: a schema of thousands of columns, or a file with their statistics, has far less.
const LONGEST: usize = 16 << 20;

/// The lines of one file.
pub(crate) struct Lines<'a> {
    store: &'a dyn BronzeStore,
    path: &'a str,
    offset: u64,
    size: Option<u64>,
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    next: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(store: &'a dyn BronzeStore, path: &'a str) -> Self {
        Self { store, path, offset: 0, size: None, buffer: Vec::new(), next: 0 }
    }

    /// The next line that is not empty.
    pub(crate) async fn next(&mut self) -> Result<Option<&str>, LogError> {
        let range = loop {
            let end = self.buffer[self.next..].iter().position(|byte| *byte == b'\n');
            let (start, ended) = (self.next, self.is_read());
            let stop = match end {
                Some(length) => start + length,
                None if ended && start == self.buffer.len() => return Ok(None),
                None if ended => self.buffer.len(),
                None => {
                    self.read().await?;
                    continue;
                }
            };
            self.next = (stop + 1).min(self.buffer.len());
            if !self.buffer[start..stop].trim_ascii().is_empty() {
                break start..stop;
            }
        };
        let line = std::str::from_utf8(&self.buffer[range]);
        line.map(Some).map_err(|_| LogError::damaged(self.path, "it has bytes that are no UTF-8"))
    }

    fn is_read(&self) -> bool {
        self.size.is_some_and(|size| self.offset >= size)
    }

    async fn read(&mut self) -> Result<(), LogError> {
        self.buffer.drain(..self.next);
        self.next = 0;
        if self.buffer.len() > LONGEST {
            return Err(LogError::damaged(self.path, format!("it has a line of more than {LONGEST} bytes")));
        }
        let range = ByteRange::From { offset: self.offset, length: PIECE };
        let Some(read) = self.store.get_range(self.path, range).await? else {
            return Err(LogError::gone(self.path));
        };
        if self.size.is_some_and(|size| size != read.size)
            || (read.content.is_empty() && self.offset < read.size)
        {
            return Err(LogError::damaged(
                self.path,
                "it changed while it was read; a version of a log never does",
            ));
        }
        self.size = Some(read.size);
        self.offset += read.content.len() as u64;
        self.buffer.extend_from_slice(&read.content);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::bronze::LocalStore;

    use super::*;

    async fn lines(content: &[u8]) -> Result<Vec<String>, LogError> {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::open(folder.path()).unwrap();
        store.put_new("a", content.to_vec().into()).await.unwrap();
        let mut lines = Lines::new(&store, "a");
        let mut found = Vec::new();
        while let Some(line) = lines.next().await? {
            found.push(line.trim_end().to_owned());
        }
        Ok(found)
    }

    #[tokio::test]
    async fn lines_come_whole_wherever_the_pieces_end() {
        assert_eq!(lines(b"").await.unwrap(), Vec::<String>::new());
        assert_eq!(lines(b"\n\r\n  \n").await.unwrap(), Vec::<String>::new());
        assert_eq!(lines(b"a\n\nb\r\nc").await.unwrap(), ["a", "b", "c"]);
        let long = |letter: &str, length: usize| letter.repeat(length);
        for first in [PIECE as usize - 1, PIECE as usize, PIECE as usize + 1, 3 * PIECE as usize] {
            let (a, b) = (long("a", first), long("b", 2 * PIECE as usize));
            assert_eq!(lines(format!("{a}\n{b}\nc\n").as_bytes()).await.unwrap(), [a, b, "c".to_owned()]);
        }
    }

    #[tokio::test]
    async fn a_line_without_end_and_bytes_that_are_no_text_are_refused_by_name() {
        let endless = vec![b'x'; LONGEST + 2 * PIECE as usize];
        let error = lines(&endless).await.unwrap_err().to_string();
        assert!(error.starts_with("a: it has a line of more than"), "{error}");
        let error = lines(b"\xff\xfe\n").await.unwrap_err().to_string();
        assert_eq!(error, "a: it has bytes that are no UTF-8");
    }
}
