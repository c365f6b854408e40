//! Export jobs in the manner of Salesforce's Bulk API 2.0, whose results are pages of CSV.

/// A stream that is such a job, in a source file below `streams:`; `poll` has the keys of `poll` that
/// are the test's own, its `every` above all.
pub fn export(stream: &str, poll: &str) -> String {
    format!(
        "
  {stream}:
    job:
      submit: {{ path: /{stream}, body: {{ operation: query }}, id: {{ body: id }} }}
      poll: {{ path: '/{stream}/{{{{ job.id }}}}', done: {{ at: {{ body: state }}, equals: JobComplete }}, {poll} }}
    path: /{stream}/{{{{ job.id }}}}/results
    records: $
    format: csv
    pagination:
      type: cursor
      next: {{ header: Sforce-Locator }}
      send: {{ query: locator }}
      page_size: {{ query: maxRecords, value: 10 }}
      stop: [{{ at: {{ header: Sforce-Locator }}, equals: \"null\" }}]"
    )
}
