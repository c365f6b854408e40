//! Delta tables beside other readers and writers: delta-rs, Polars and `DuckDB`.

// Tables that delta-rs made: appended to, or refused by name.
mod foreign;
// Runs that are killed or held at every call, while newer ones begin and end.
mod killed;
// What is appended is what every reader reads, and again when only the checkpoint has it.
mod readers;
// Many appenders with failing stores beside a rival writer: each row once.
mod rivalry;
