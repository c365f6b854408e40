//! The flags of curl that say what is asked for. What is not listed here is refused by name.

/// What a flag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    /// The URL.
    Url,
    /// A header: `name: value`.
    Header,
    /// The method.
    Method,
    /// A body as it is; it makes the request a POST.
    Data,
    /// A body's part that curl would encode.
    DataUrlEncode,
    /// A JSON body, with its content type.
    Json,
    /// Data goes into the query.
    Get,
    /// `user:password`.
    User,
    /// Cookies, `name=value; …`.
    Cookie,
    /// The header `User-Agent`.
    UserAgent,
    /// The header `Referer`.
    Referer,
    /// A token of OAuth 2.
    Bearer,
    /// Says nothing about what is asked for; whether it takes a value.
    Ignored { takes_value: bool },
}

const FLAGS: &[(&str, Flag)] = &[
    ("--url", Flag::Url),
    ("--header", Flag::Header),
    ("--request", Flag::Method),
    ("--data", Flag::Data),
    ("--data-ascii", Flag::Data),
    ("--data-raw", Flag::Data),
    ("--data-binary", Flag::Data),
    ("--data-urlencode", Flag::DataUrlEncode),
    ("--json", Flag::Json),
    ("--get", Flag::Get),
    ("--user", Flag::User),
    ("--cookie", Flag::Cookie),
    ("--user-agent", Flag::UserAgent),
    ("--referer", Flag::Referer),
    ("--oauth2-bearer", Flag::Bearer),
    ("--basic", Flag::Ignored { takes_value: false }),
    ("--compressed", Flag::Ignored { takes_value: false }),
    ("--location", Flag::Ignored { takes_value: false }),
    ("--silent", Flag::Ignored { takes_value: false }),
    ("--show-error", Flag::Ignored { takes_value: false }),
    ("--verbose", Flag::Ignored { takes_value: false }),
    ("--include", Flag::Ignored { takes_value: false }),
    ("--fail", Flag::Ignored { takes_value: false }),
    ("--globoff", Flag::Ignored { takes_value: false }),
    ("--http1.1", Flag::Ignored { takes_value: false }),
    ("--http2", Flag::Ignored { takes_value: false }),
    ("--max-time", Flag::Ignored { takes_value: true }),
    ("--connect-timeout", Flag::Ignored { takes_value: true }),
    ("--retry", Flag::Ignored { takes_value: true }),
    ("--output", Flag::Ignored { takes_value: true }),
    ("--write-out", Flag::Ignored { takes_value: true }),
    ("-H", Flag::Header),
    ("-X", Flag::Method),
    ("-d", Flag::Data),
    ("-G", Flag::Get),
    ("-u", Flag::User),
    ("-b", Flag::Cookie),
    ("-A", Flag::UserAgent),
    ("-e", Flag::Referer),
    ("-L", Flag::Ignored { takes_value: false }),
    ("-s", Flag::Ignored { takes_value: false }),
    ("-S", Flag::Ignored { takes_value: false }),
    ("-v", Flag::Ignored { takes_value: false }),
    ("-i", Flag::Ignored { takes_value: false }),
    ("-f", Flag::Ignored { takes_value: false }),
    ("-g", Flag::Ignored { takes_value: false }),
    ("-m", Flag::Ignored { takes_value: true }),
    ("-o", Flag::Ignored { takes_value: true }),
    ("-w", Flag::Ignored { takes_value: true }),
];

impl Flag {
    /// The flag of a word such as `--header` or `-H`.
    pub(super) fn of(word: &str) -> Option<Self> {
        FLAGS.iter().find(|(name, _)| *name == word).map(|(_, flag)| *flag)
    }

    pub(super) fn takes_value(self) -> bool {
        !matches!(self, Self::Get | Self::Ignored { takes_value: false })
    }
}
