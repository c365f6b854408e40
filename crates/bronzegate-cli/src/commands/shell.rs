//! `completions` and `man`, made from the command line's own words.

use std::fs;

use bronzegate_core::error::{Error, ErrorKind, Result};
use clap::CommandFactory as _;

use crate::arguments::{Arguments, CompletionsArguments, ManArguments};
use crate::output::Output;

/// Prints the completion script of a shell.
pub(crate) fn completions(arguments: &CompletionsArguments, out: &mut Output) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "bronzegate", &mut script);
    out.line(script.trim_ascii_end());
    0
}

/// Prints the manual page, or writes those of all commands.
pub(crate) fn man(arguments: &ManArguments, out: &mut Output) -> Result<u8> {
    let command = Arguments::command();
    let Some(folder) = &arguments.output else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| Error::new(ErrorKind::Store, format!("the manual page: {error}")))?;
        out.line(page.trim_ascii_end());
        return Ok(0);
    };
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    let unwritten =
        |error| Error::new(ErrorKind::Store, format!("cannot write to {}: {error}", folder.display()));
    written.map(|()| 0).map_err(unwritten)
}
