//! `auth`: how requests are authenticated. No value here is ever echoed in a message.
//!
//! ```yaml
//! auth: { type: bearer, token: { secret: hubspot-token } }
//! auth: { type: basic, username: { secret: freshdesk, field: key } }
//! auth: { type: api_key, in: header, name: Authorization, value: { secret: okta }, prefix: "SSWS " }
//! auth: { type: headers, headers: { DD-API-KEY: { secret: dd-api }, DD-APPLICATION-KEY: { secret: dd-app } } }
//! ```
//!
//! The kinds that fetch a token have a file each.

mod base_url_from;
mod client_assertion;
mod fixed;
mod jwt_bearer;
mod kinds;
mod login;
mod login_body;
mod oauth2;
mod signed;

pub use base_url_from::{BaseUrlFrom, HostPattern};
pub use client_assertion::ClientAssertion;
pub use fixed::{HeaderKey, KeyPlace};
pub use jwt_bearer::{Algorithm, JwtBearer};
pub use kinds::Auth;
pub(super) use kinds::AuthSpec;
pub use login::{Expires, Login, LoginUrl};
pub use login_body::{LoginBody, LoginValue};
pub use oauth2::{ClientAuth, ClientCredentials, OAuth2Client, RefreshToken};
pub use signed::{AwsSigV4, OAuth1, SignatureMethod};
