//! Source files: one YAML file a source, its grammar, checks and JSON Schema.
//!
//! One setting a file, each with its type, checks and defaults; [`Source`] joins them. A file is
//! read whole: every problem is reported at once, with line, path, bad value and accepted form.
//! Left out on purpose: deployment settings (environment variables) and the values of secrets.

mod address;
mod allowed_hosts;
mod auth;
mod base_url;
mod body;
mod branch_check;
mod branches;
mod caution;
mod column_type;
mod condition;
mod cron;
mod cursor_at;
mod cursor_format;
mod cut;
mod encoding;
mod expect;
mod format;
mod identity;
mod incremental;
mod incremental_check;
mod job;
mod job_spec;
mod layers;
mod method;
mod name;
mod named;
mod occurrences;
mod other_request;
mod output;
mod pagination;
mod pagination_check;
mod params;
mod parent_check;
mod path;
mod pointer;
mod problem;
mod rate_limit;
mod read;
mod records;
mod records_check;
mod request;
mod request_unit;
mod responses;
mod retry;
mod schedule;
mod schema;
mod secret_ref;
mod source;
pub(crate) mod spelling;
mod stream;
mod stream_check;
mod stream_requests;
mod stream_secrets;
mod sync_token;
mod table_output;
mod template;
mod template_filters;
mod template_json;
mod template_name;
mod template_secrets;
mod time_pattern;
mod timeout;
mod timezone;
mod tls;
mod units;
mod wait;

pub use address::{Address, Sent, Target};
pub use allowed_hosts::AllowedHost;
pub use auth::{
    Algorithm, Auth, AwsSigV4, BaseUrlFrom, ClientAssertion, ClientAuth, ClientCredentials, Expires,
    HeaderKey, HostPattern, JwtBearer, KeyPlace, Login, LoginBody, LoginUrl, LoginValue, OAuth1,
    OAuth2Client, RefreshToken, SignatureMethod,
};
pub use body::{BodyTemplate, JsonTemplate, RenderedBody, RenderedJson};
pub use branches::{
    Batch, BranchFields, MOST_MARKS, MissingField, Parent, ParentField, Partitions, partition_member,
};
pub use column_type::{ColumnType, UnknownType};
pub use condition::{Condition, RecordTest, Test};
pub use cron::Cron;
pub use cursor_at::CursorAt;
pub use cursor_format::{CursorFormat, CursorFormats};
pub use cut::{Cut, Pattern};
pub use encoding::Encoding;
pub use expect::{Expect, Measured, error_rate};
pub use format::{BodyEnd, Csv, Format, Reading, RepeatedNames, Xml};
pub use incremental::{Incremental, Missing, Start};
pub use job::Job;
pub use method::Method;
pub use name::{NAME_FORM, is_name};
pub use other_request::OtherRequest;
pub use output::{Compression, Output};
pub use pagination::{
    Advance, Carry, CarryAbsent, Initial, Kind, OnRepeat, PageSize, Pagination, Stop, Tolerance, Total,
};
pub use pointer::Pointer;
pub(crate) use problem::nearest;
pub use problem::{Problem, Problems};
pub use rate_limit::{LEAST_SHARE, RateLimit, ResetUnit, is_rate_share};
pub use records::{Columns, Each, IfAbsent, Nulls, Records, RecordsPath, RecordsShape};
pub use request_unit::RequestUnit;
pub use responses::{ResponseRule, Then};
pub use retry::Retry;
pub use schedule::Schedule;
pub use schema::{editor_schema, json_schema};
pub use secret_ref::{RequestSecret, SecretRef, TextOrSecret, stands_for_a_secret};
pub use source::{Source, parse, parse_bytes};
pub use stream::{Stream, WINDOW_MEMBERS};
pub use sync_token::SyncToken;
pub use table_output::{
    LONGEST_NAME, ListedColumn, METADATA_COLUMNS, RECORD, RESCUED, TableCompression, TableOutput,
    column_name, is_reserved_column,
};
pub use template::{RequestClock, Scope, Template, TemplateError};
pub use time_pattern::TimePattern;
pub use timeout::Timeout;
pub use timezone::Timezone;
pub use tls::{Tls, TlsIdentity};
pub use units::parse_duration;
pub use wait::Wait;

#[cfg(test)]
mod tests;
