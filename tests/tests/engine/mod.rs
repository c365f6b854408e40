//! The engine, from a source file to bronze in a folder.

// API keys in every place of a request, and the rate that streams share.
mod access;
// What it costs a backfill to skip windows that are committed.
mod backfill_log;
// A backfill of what scheduled runs have loaded, and the reverse: duplicates are announced.
mod backfill_twice;
// Bodies of every shape: taken verbatim, or refused by name.
mod bodies;
// What becomes of a body is bounded, however it is packed, named or added to.
mod bounds;
// A state that is set while a run goes on.
mod mended_states;
// Streams that are read once for each partition or each record of a parent.
mod branches;
// The same streams cut, killed, or run twice at once.
mod branches_cut;
// Values of a response that go into the next request.
mod carried_values;
// Children of parents that have changed.
mod changed_parents;
// Credentials that are refused, rotated or expired during a run.
mod credentials;
// Credentials that an API repeats in its links: the commit log has none.
mod credentials_in_links;
// Cursors of every format.
mod cursors;
// Events that one process handles at the same time.
mod dispatch;
// The time that a run is for.
mod due_times;
// A `start` that is moved earlier than the first run.
mod earlier_sources;
mod earlier_start;
mod early_requests;
// Tables among other lines, and what else stands around data.
mod framed_bodies;
// Which hosts are called, and with which credentials.
mod egress;
// Charsets, encodings and content codings.
mod encodings;
// Faults of the API: retried as `retry` says, then reported.
mod faults;
// Answers that hold all of the day that their end names.
mod inclusive_ends;
// Events that come while a run is in flight.
mod in_flight;
// Incremental runs: nothing lost, nothing repeated.
mod incremental;
// Export jobs whose polls name a list of files.
mod into_tables;
mod job_files;
// Export jobs of several steps.
mod job_steps;
// Export jobs: submitted once, awaited over segments, read exactly.
pub(crate) mod jobs;
// Export jobs that are lost or never end.
mod jobs_lost;
// Compressed, slow and large pages, and the parts that they become.
mod large_pages;
// `Link` headers that break RFC 8288.
mod link_headers;
// First pages that may be all there is: asked about once, then known.
mod only_pages;
// Ends that are none, compared with the pages around them.
mod page_ends;
mod page_examples;
// Looks at pages that do not come.
mod page_looks;
// Answers with status 200 that are no page.
mod page_shapes;
// Records that lie outside of what was asked.
mod outside;
// Packed bodies of several members that are cut between two of them.
mod packed_members;
// Every pagination brings every record once.
mod paginations;
// All parents of a stream are read, however their pages change.
mod parents;
// Parents that are scalars, filtered or batched, and their partitions.
mod parent_kinds;
// Partitions and skipped branches have marks of their own.
mod partition_marks;
// `new`: source files that are found out, one for each stream that a vendor of `roles` plays.
mod new_sources;
// A pagination that does not advance fails the run.
mod progress;
// Refresh tokens: writes that fail, and runs that refresh at the same time.
mod refresh_race;
// Records that are members of a map, in lists of a list, or rows.
mod record_forms;
// Runs that cannot be resumed start again, and lose nothing.
mod request_secrets;
mod restart;
// What a stream asks of its store does not grow with its log.
mod scale;
// Runs that are cut, killed, repeated or raced equal one uncut run.
pub(crate) mod segments;
// Signed assertions of service accounts, and the base URL that comes with a token.
mod service_accounts;
// Login requests, and the token that they return.
mod sessions;
// The repository's source files, each against the demo API in the vendor's part.
mod sources;
mod sources_business;
mod sources_public;
mod sources_reports;
// Answers with status 200 that speak of an error: refused, or told.
mod suspects;
// Tokens that an API gives for the next run.
mod sync_tokens;
// Records that appear late.
mod settle;
// Signed requests, and sessions of cookies.
mod signatures;
// Certificates of the client, and authorities of one's own.
mod client_certificates;
// CSV and packed files.
mod tables;
// Totals that an API states.
mod time_formats;
mod time_properties;
mod totals;
mod unfiltered;
// Cursors that are local times.
mod local_times;
// Waits that the API asks for: resets, quotas, budgets.
mod waits;
mod watch;
// Runs of one window.
mod windows;
mod windows_only;
// Secrets that lead to hosts without credentials, users in links, and texts of the API in messages.
mod withheld_secrets;
// Pages of XML.
mod xml;
