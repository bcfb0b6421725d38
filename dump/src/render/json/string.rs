//! Strings in JSON.

use crate::render::output::push;

/// Appends `text` in quotes.
///
/// More is escaped than JSON requires, because a person may read the text. Characters that move the cursor of a
/// terminal or turn the writing direction are escaped, and so is `<`, which could end a script in a page.
pub(super) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (place, character) in text.char_indices().filter(|(_, c)| needs_escape(*c)) {
        out.push_str(&text[plain..place]);
        plain = place + character.len_utf8();
        push_escape(out, character);
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

fn needs_escape(character: char) -> bool {
    match character {
        '"' | '\\' | '<' => true,
        ' '..='~' => false,
        // What is not printable has a longer escape.
        other => other.escape_debug().len() > 1,
    }
}

fn push_escape(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                push(out, format_args!("\\u{unit:04x}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_string;

    #[test]
    fn strings_are_read_as_they_were_and_harm_nobody() {
        for (text, expected) in [
            ("req-7 'ä' 名", r#""req-7 'ä' 名""#),
            ("a\"b\\c\n\t\r\0", r#""a\"b\\c\n\t\u000d\u0000""#),
            ("\u{1b}[2J\u{7f}\u{9b}", r#""\u001b[2J\u007f\u009b""#),
            ("\u{202e}\u{2028}\u{e0001}", r#""\u202e\u2028\udb40\udc01""#),
            ("</script>", r#""\u003c/script>""#),
        ] {
            let mut out = String::new();
            push_string(&mut out, text);
            assert_eq!(out, expected);
        }
    }
}
