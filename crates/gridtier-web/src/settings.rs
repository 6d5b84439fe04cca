//! What the view is started with, and what it refuses to be started with.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use gridtier::text;
use gridtier::text::{Lang, Text};

use crate::secret::Secret;

/// Fewest characters of a token: 16 drawn ones cannot be guessed over a network.
const TOKEN_CHARACTERS_MIN: usize = 16;

/// What the view is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the store.
    pub store: PathBuf,
    /// Where to listen; port 0 is a free one.
    pub address: SocketAddr,
    /// What a reader must know, as a password or bearer token. Required for addresses that other machines reach.
    pub token: Option<String>,
    /// Further names under which readers reach the view, such as that of a proxy.
    pub hosts: Vec<String>,
    /// The language of pages that ask for none.
    pub lang: Lang,
    /// Ids of customers who want no marketing, besides those whose own row says so.
    pub opted_out: BTreeSet<String>,
    /// Counts below this are withheld in tables about entitlements.
    pub min_count: u64,
    /// The time in UTC (RFC 3339).
    pub now: fn() -> String,
    /// Takes a line of the access log: method, route, status, time; never an id.
    pub log: fn(&str),
}

/// Why the view is not started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// Other machines reach the address, and no token was given.
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
                "other machines reach {address}, and no token was given\n  what to do: leave the address out and let the \
                 company's own proxy, which knows who may read, pass requests on to 127.0.0.1, with --host NAME for the name \
                 by which it is reached; or give a token by --token-file or GRIDTIER_TOKEN, and have the proxy add TLS, since \
                 here nothing is encrypted",
                "其他机器可访问 {address}，但未给出令牌\n  处理办法：不指定地址，由企业自有的反向代理（由其认证读者）转发到 127.0.0.1，\
                 并用 --host 给出访问代理所用的主机名；或用 --token-file 或 GRIDTIER_TOKEN 给出令牌，并由代理加上 TLS，因为此处的传输不加密",
            ),
            Self::ShortToken => text!(
                "the token has fewer than {TOKEN_CHARACTERS_MIN} characters, and could be guessed; draw one, such as by \
                 `openssl rand -hex 16`",
                "令牌不足 {TOKEN_CHARACTERS_MIN} 个字符，可能被猜出；请随机生成，例如 `openssl rand -hex 16`",
            ),
        }
    }
}

impl Settings {
    /// Refuses what would open the store to others.
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
