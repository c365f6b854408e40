//! The folder of source files: what is in it, and one of them read.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bronzegate_core::config::{self, Problems, Source};
use bronzegate_core::error::{Error, ErrorKind, Result};

use crate::targets;

/// The folder of source files.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

/// Why there is no source.
#[derive(Debug)]
pub(crate) enum Unusable {
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

impl Folder {
    /// Reads the setting `BRONZEGATE_SOURCES`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a folder that is not local.
    pub(crate) fn parse(setting: &str) -> Result<Self> {
        let path = targets::local("--sources", setting)?;
        Ok(Self(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)))
    }

    /// The names of its sources in alphabetical order.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.path()).map_err(|error| self.unreadable(&error))?;
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| self.unreadable(&error))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if path.extension().is_some_and(|extension| extension == "yaml")
                && let Some(stem) = stem.filter(|stem| !stem.starts_with('.'))
            {
                names.push(stem.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// The path of a source's file.
    pub(crate) fn file(&self, source: &str) -> String {
        self.0.join(format!("{source}.yaml")).display().to_string()
    }

    /// Reads and checks one source file.
    pub(crate) fn load(&self, source: &str) -> Result<Source, Unusable> {
        let file = self.file(source);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Unusable::Unreadable(self.absent(&file)));
            }
            Err(error) => {
                let cause = format!("cannot read {file}: {error}");
                return Err(Unusable::Unreadable(Error::new(ErrorKind::Config, cause)));
            }
        };
        config::parse_bytes(&file, &bytes).map_err(|problems| Unusable::Wrong { file, problems })
    }

    /// The folder; an empty path is the one the process is in.
    fn path(&self) -> &Path {
        if self.0.as_os_str().is_empty() { Path::new(".") } else { &self.0 }
    }

    fn absent(&self, file: &str) -> Error {
        let names = match self.names() {
            Ok(names) => names,
            Err(error) => return error,
        };
        let known = match names.as_slice() {
            [] => "it has no source files".to_owned(),
            names => format!("the sources there are: {}", names.join(", ")),
        };
        let cause = format!("there is no file {file}; {known}");
        Error::new(ErrorKind::Config, cause)
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        let cause = format!("cannot read the sources folder {} (--sources): {error}", self.path().display());
        Error::new(ErrorKind::Config, cause)
    }
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Unreadable(error) => error,
            wrong @ Unusable::Wrong { .. } => Self::new(ErrorKind::Config, wrong.to_string()),
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
                write!(f, "{count} {noun} in {file}\n{problems}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Folder) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let sources = Folder::parse(folder.path().to_str().unwrap()).unwrap();
        (folder, sources)
    }

    fn message(folder: &tempfile::TempDir, error: impl Into<Error>) -> String {
        error.into().to_string().replace(folder.path().to_str().unwrap(), "FOLDER")
    }

    #[test]
    fn a_missing_file_names_those_there_are() {
        let (kept, sources) = folder(&[("b.yaml", ""), ("a.yaml", ""), ("source.schema.json", "")]);
        insta::assert_snapshot!(message(&kept, sources.load("crm").unwrap_err()),
            @"there is no file FOLDER/crm.yaml; the sources there are: a, b");
        let (kept, sources) = folder(&[]);
        insta::assert_snapshot!(message(&kept, sources.load("crm").unwrap_err()),
            @"there is no file FOLDER/crm.yaml; it has no source files");
    }

    #[test]
    fn a_missing_folder_is_named_with_its_flag() {
        let sources = Folder::parse("/no/such/folder").unwrap();
        insta::assert_snapshot!(sources.names().unwrap_err(),
            @"cannot read the sources folder /no/such/folder (--sources): No such file or directory (os error 2)");
    }

    #[test]
    fn all_problems_of_a_file_are_told() {
        let (kept, sources) = folder(&[("crm.yaml", "source: erp\nbase_url: 7\nstreams: {}\n")]);
        let text = message(&kept, sources.load("crm").unwrap_err());
        assert!(text.starts_with("3 problems in FOLDER/crm.yaml\nFOLDER/crm.yaml:1: "), "{text}");
    }
}
