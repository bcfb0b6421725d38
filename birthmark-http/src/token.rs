//! A secret that who asks must know.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq;

/// The minimum length. A shorter token could be guessed.
const SHORTEST: usize = 16;

/// A secret that clients must send. `Debug` hides it.
///
/// # Examples
///
/// ```
/// use birthmark_http::Token;
///
/// assert!("0123456789abcdef".parse::<Token>().is_ok());
/// assert!("guess me".parse::<Token>().is_err());
/// ```
#[derive(Clone)]
pub struct Token(String);

/// The error for a text that cannot be a [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidToken;

impl Token {
    /// Returns `true` if a client has sent this token. The time of the comparison does not depend on the position of
    /// the first wrong character.
    pub(crate) fn is(&self, sent: &str) -> bool {
        self.0.as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        // Characters that need no encoding, neither in a header nor in a query.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if text.len() >= SHORTEST && text.bytes().all(is_plain) {
            Ok(Token(text.to_owned()))
        } else {
            Err(InvalidToken)
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot use this text as a token: a token has at least {SHORTEST} characters, each an ASCII letter, a digit \
             or one of -._~\nhelp: make one with `openssl rand -hex 16`"
        )
    }
}

impl std::error::Error for InvalidToken {}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn only_the_same_text_is_the_token() {
        let token: Token = "0123456789abcdef".parse().unwrap();
        assert!(token.is("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcdeF",
            "0123456789abcde",
            "0123456789abcdef0",
        ] {
            assert!(!token.is(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn short_or_encoded_text_is_no_token() {
        for text in [
            "",
            "0123456789abcde",
            "0123456789abcdef ",
            "0123456789abcdef&",
            "ä123456789abcdef",
        ] {
            let error = text.parse::<Token>().unwrap_err().to_string();
            assert!(
                error.contains("at least 16") && error.contains("openssl"),
                "{error}"
            );
        }
    }
}
