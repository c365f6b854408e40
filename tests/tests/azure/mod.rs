//! The Functions custom handler, `handler`.

// What a run costs.
mod costs;
// The sample invocations of the repository.
mod events;
// Storage fails, or the process is killed, at every call.
mod faults;
// The files of the function app: made from the source files, and compared with them.
mod functions;
// Items for several streams of a source.
mod groups;
// Invocations of every function in, bronze on Azurite and outputs back.
mod handler;
// Every identity that an environment can offer.
mod identity;
// The work queue: long items, items put back, outages, items given up.
mod queue;
// SIGTERM, as a container gets it.
mod shutdown;
// `make smoke-azure`, without a subscription.
mod smoke;
// Tables: records become rows, and wrong places are named.
mod tables;
