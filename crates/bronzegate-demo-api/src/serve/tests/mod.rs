//! The server as a client sees it, byte by byte: over a plain socket, so that nothing repairs
//! what a fault broke.

mod access;
mod client;
mod damage;
mod faults;
mod routes;
mod walk;
