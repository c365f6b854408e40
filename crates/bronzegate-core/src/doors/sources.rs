//! The folder of source files: what is in it, and one of them read.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bounded_file::read_file;
use crate::bronze::BronzeStore;
use crate::config::{self, Problems, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::line;

/// The most bytes of a source file.
const LARGEST: u64 = 4 << 20;

/// What a source file's name ends with.
const EXTENSION: &str = ".yaml";
/// The other ending that YAML files have.
const SHORT: &str = ".yml";

/// The folder of source files: a local one, or one in a cloud's store, of which only the files right
/// in the folder count.
#[derive(Clone, Debug)]
pub enum SourceFolder {
    /// A local folder.
    Local(PathBuf),
    /// A folder in a store; nothing is written to it.
    Remote(Arc<dyn BronzeStore>),
}

/// Why there is no source.
#[derive(Debug)]
pub enum Unusable {
    /// The file is not there or cannot be read.
    Unreadable(Error),
    /// The file is not a source file.
    Wrong {
        /// Its path.
        file: String,
        /// Everything that is wrong with it.
        problems: Problems,
    },
}

impl SourceFolder {
    /// A local folder; `./` at its beginning is not told in messages.
    pub fn local(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self::Local(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path))
    }

    /// The names of its sources in alphabetical order.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the folder cannot be read; where that is in a store, it may pass.
    pub async fn names(&self) -> Result<Vec<String>> {
        let files = match self {
            Self::Local(path) => local_files(path).map_err(|error| self.unreadable(&error))?,
            Self::Remote(store) => {
                store.list("").await.map_err(|error| self.unreadable(&error).transient(true))?
            }
        };
        let name = |file: &String| {
            let name = file.strip_suffix(EXTENSION)?;
            (!name.is_empty() && !name.starts_with('.') && !name.contains('/')).then(|| name.to_owned())
        };
        let mut names: Vec<_> = files.iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// The path of a source's file.
    pub fn file(&self, source: &str) -> String {
        match self {
            Self::Local(path) => path.join(format!("{source}{EXTENSION}")).display().to_string(),
            Self::Remote(store) => format!("{}/{source}{EXTENSION}", store.location().trim_end_matches('/')),
        }
    }

    /// Reads and checks one source file.
    ///
    /// # Errors
    /// [`Unusable`], naming the file.
    pub async fn load(&self, source: &str) -> Result<Source, Unusable> {
        let file = self.file(source);
        let bytes = match self.read(source, &file).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(Unusable::Unreadable(self.absent(&file).await)),
            Err(error) => {
                // A store's outage passes; what is wrong with a folder of this machine stays.
                let is_remote = matches!(self, Self::Remote(_));
                return Err(Unusable::Unreadable(Error::new(ErrorKind::Config, error).transient(is_remote)));
            }
        };
        config::parse_bytes(&file, &bytes).map_err(|problems| Unusable::Wrong { file, problems })
    }

    async fn read(&self, source: &str, file: &str) -> Result<Option<Vec<u8>>, Unread> {
        let unread = |cause: Cause| Unread { file: file.to_owned(), cause };
        match self {
            Self::Local(_) => match read_file(Path::new(file), LARGEST) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(unread(error.into())),
            },
            Self::Remote(store) => {
                let bytes = store.get(&format!("{source}{EXTENSION}")).await;
                match bytes.map_err(|error| unread(error.into()))? {
                    Some(bytes) if bytes.len() as u64 > LARGEST => {
                        Err(unread(format!("it has more than {LARGEST} bytes, which is the most").into()))
                    }
                    bytes => Ok(bytes.map(Into::into)),
                }
            }
        }
    }

    async fn absent(&self, file: &str) -> Error {
        let names = match self.names().await {
            Ok(names) => names,
            Err(error) => return error,
        };
        let known = match (self.short(file), names.as_slice()) {
            (Some(short), _) => format!("rename {} to it: source files end with {EXTENSION}", line(&short)),
            (None, []) => "it has no source files".to_owned(),
            (None, names) => format!("the sources there are: {}", line(&names.join(", "))),
        };
        Error::new(ErrorKind::Config, format!("there is no file {}; {known}", line(file)))
    }

    /// The file that was meant, if it has the other ending of YAML.
    fn short(&self, file: &str) -> Option<String> {
        let short = format!("{}{SHORT}", file.strip_suffix(EXTENSION)?);
        let is_there = matches!(self, Self::Local(_)) && Path::new(&short).is_file();
        is_there.then_some(short)
    }

    /// The error of a folder without a source file.
    pub fn no_sources(&self) -> Error {
        let unread = match self.unread().as_slice() {
            [] => String::new(),
            files => format!("; source files end with {EXTENSION}: rename {}", line(&files.join(", "))),
        };
        let cause = format!("the sources folder (--sources) has no source files{unread}");
        Error::new(ErrorKind::Config, cause)
    }

    /// The files of a local folder that end with `.yml`: nothing reads them.
    pub fn unread(&self) -> Vec<String> {
        let Self::Local(path) = self else { return Vec::new() };
        let mut files = local_files(path).unwrap_or_default();
        files.retain(|file| file.ends_with(SHORT) && !file.starts_with('.'));
        files.sort();
        files
    }

    fn unreadable(&self, error: &dyn fmt::Display) -> Error {
        let cause = format!("cannot read the sources folder {self} (BRONZEGATE_SOURCES): {error}");
        Error::new(ErrorKind::Config, cause)
    }
}

impl fmt::Display for SourceFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => folder(path).display().fmt(f),
            Self::Remote(store) => f.write_str(&store.location()),
        }
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", line(file))]
struct Unread {
    file: String,
    #[source]
    cause: Cause,
}

/// The folder to read; an empty path is the one the process is in.
fn folder(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn local_files(path: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder(path))?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Unreadable(error) => error,
            wrong @ Unusable::Wrong { .. } => Self::list(ErrorKind::Config, wrong.to_string()),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Wrong { file, problems } => {
                let count = problems.as_slice().len();
                let noun = if count == 1 { "problem" } else { "problems" };
                write!(f, "{count} {noun} in {}\n{problems}", line(file))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bronze::LocalStore;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, SourceFolder) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let sources = SourceFolder::local(folder.path());
        (folder, sources)
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_device_or_a_file_without_measure_is_no_source_file() {
        let (folder, sources) = folder(&[]);
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.yaml")).unwrap();
        fs::File::create(folder.path().join("large.yaml")).unwrap().set_len(1 << 40).unwrap();
        for (name, cause) in
            [("zero", "it is a pipe or a device, not a file"), ("large", "it has more than 4194304 bytes")]
        {
            let error = message(&folder, sources.load(name).await.unwrap_err());
            assert!(error.contains(cause), "{error}");
        }
        let store = Arc::new(LocalStore::open(folder.path()).unwrap());
        let error = Error::from(SourceFolder::Remote(store).load("large").await.unwrap_err());
        assert!(error.to_string().contains("more than"), "{error}");
    }

    fn message(folder: &tempfile::TempDir, error: impl Into<Error>) -> String {
        error.into().to_string().replace(folder.path().to_str().unwrap(), "FOLDER")
    }

    #[tokio::test]
    async fn a_missing_file_names_those_there_are() {
        let (kept, sources) =
            folder(&[("b.yaml", ""), ("a.yaml", ""), (".c.yaml", ""), ("source.schema.json", "")]);
        insta::assert_snapshot!(message(&kept, sources.load("crm").await.unwrap_err()),
            @"there is no file FOLDER/crm.yaml; the sources there are: a, b");
        let (kept, sources) = folder(&[]);
        insta::assert_snapshot!(message(&kept, sources.load("crm").await.unwrap_err()),
            @"there is no file FOLDER/crm.yaml; it has no source files");
    }

    #[tokio::test]
    async fn a_missing_folder_is_named_with_its_setting() {
        let sources = SourceFolder::local("/no/such/folder");
        insta::assert_snapshot!(sources.names().await.unwrap_err(),
            @"cannot read the sources folder /no/such/folder (BRONZEGATE_SOURCES): No such file or directory (os error 2)");
    }

    #[tokio::test]
    async fn all_problems_of_a_file_are_told() {
        let (kept, sources) = folder(&[("crm.yaml", "source: erp\nbase_url: 7\nstreams: {}\n")]);
        let text = message(&kept, sources.load("crm").await.unwrap_err());
        assert!(text.starts_with("3 problems in FOLDER/crm.yaml\nFOLDER/crm.yaml:1: "), "{text}");
    }

    #[tokio::test]
    async fn a_folder_in_a_store_is_read_alike() {
        let kept = tempfile::tempdir().unwrap();
        let store = LocalStore::open(kept.path()).unwrap();
        let crm = "source: crm\nbase_url: https://crm.example.com\nstreams: { deals: { path: /deals, records: $, pagination: { type: none } } }\n";
        for (path, text) in [("crm.yaml", crm), ("old/erp.yaml", crm), ("notes.txt", "")] {
            store.put_new(path, text.into()).await.unwrap();
        }
        let sources = SourceFolder::Remote(Arc::new(store));
        assert_eq!(sources.names().await.unwrap(), ["crm"]);
        assert_eq!(sources.load("crm").await.unwrap().name, "crm");
        insta::assert_snapshot!(message(&kept, sources.load("erp").await.unwrap_err()),
            @"there is no file FOLDER/erp.yaml; the sources there are: crm");
    }
}
