//! The settings of the view, and the settings that it refuses.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier_io::service::kept::LogRequest;
use gridtier_io::survey::shown::SurveyRequest;

use crate::secret::Secret;

/// Minimum length of a token. A random token of 16 characters cannot be guessed over a network.
const TOKEN_CHARACTERS_MIN: usize = 16;

/// The settings of the view.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the store.
    pub store: PathBuf,
    /// The address to listen on. Port 0 picks a free port.
    pub address: SocketAddr,
    /// The token that a reader must send, as a password or as a bearer token. Required if other machines can reach
    /// the address.
    pub token: Option<String>,
    /// Further host names under which readers reach the view, such as that of a proxy.
    pub hosts: Vec<String>,
    /// The language of a page if its request names none.
    pub lang: Lang,
    /// Ids of customers who want no marketing, in addition to those whose row in `customers` says so.
    pub opted_out: BTreeSet<String>,
    /// Tables about entitlements withhold counts below this.
    pub min_count: u64,
    /// What the pages about service delivery show.
    pub delivery: DeliverySettings,
    /// Returns the current time in UTC (RFC 3339).
    pub now: fn() -> String,
    /// Writes a line of the access log: method, route, status and time, but never an id.
    pub log: fn(&str),
}

/// What the pages about service delivery show. A page without its setting says how to start the view with it.
#[derive(Clone, Debug, Default)]
pub struct DeliverySettings {
    /// The service log.
    pub log: Option<LogRequest>,
    /// The survey.
    pub survey: Option<SurveyRequest>,
    /// The customer handbook.
    pub handbook: Option<HandbookSettings>,
}

/// What the customer handbook is made of, besides the cycle.
#[derive(Clone, Debug)]
pub struct HandbookSettings {
    /// The file with the utility's own text.
    pub text: PathBuf,
    /// The policy of service: a shipped one or a file.
    pub policy: String,
}

/// Why the view does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// Other machines can reach the address, but no token was given.
    NoToken(SocketAddr),
    /// The token is too short.
    ShortToken,
}

impl SettingsError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::NoToken(address) => text!(
                "other machines can reach {address}, but no token was given\n  what to do: leave out the address and let the \
                 company's own proxy check who may read and pass requests on to 127.0.0.1, with --host NAME for the proxy's \
                 name; or give a token with --token-file or GRIDTIER_TOKEN, and let the proxy add TLS, since this server does \
                 not encrypt",
                "其他机器可访问 {address}，但未给出令牌\n  处理办法：不指定地址，由企业自有的反向代理（由其认证读者）转发到 127.0.0.1，\
                 并用 --host 给出访问代理所用的主机名；或用 --token-file 或 GRIDTIER_TOKEN 给出令牌，并由代理加上 TLS，因为此处的传输不加密",
            ),
            Self::ShortToken => text!(
                "the token has fewer than {TOKEN_CHARACTERS_MIN} characters and could be guessed; draw a random one, such as with \
                 `openssl rand -hex 16`",
                "令牌不足 {TOKEN_CHARACTERS_MIN} 个字符，可能被猜出；请随机生成，例如 `openssl rand -hex 16`",
            ),
        }
    }
}

impl Settings {
    /// Refuses settings that would open the store to people without a token.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        match &self.token {
            None if !self.address.ip().is_loopback() => Err(SettingsError::NoToken(self.address)),
            Some(token) if token.chars().count() < TOKEN_CHARACTERS_MIN => Err(SettingsError::ShortToken),
            _ => Ok(()),
        }
    }

    /// The token as a secret.
    pub(crate) fn secret(&self) -> Option<Secret> {
        self.token.clone().map(Secret::new)
    }
}
